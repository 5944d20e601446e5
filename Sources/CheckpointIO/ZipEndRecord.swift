extension ZipDirectory {
  /// Where the central directory lies and how many entries it has, from the records at the end of
  /// the archive (APPNOTE 4.3.14 to 4.3.16).
  struct EndRecord {
    let directory: Range<Int>
    let count: Int

    init(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError.Kind) {
      let part = "the end of the zip directory"
      let position = try Self.position(bytes)
      var reader = ByteReader(bytes, part: part, offset: position + 4)
      let disk = try reader.integer(UInt16.self)
      let firstDisk = try reader.integer(UInt16.self)
      var entriesHere = Int(try reader.integer(UInt16.self))
      var entries = Int(try reader.integer(UInt16.self))
      var size = Int(try reader.integer(UInt32.self))
      var offset = Int(try reader.integer(UInt32.self))
      var end = position
      if let (wide, place) = try Self.zip64(bytes, before: position) {
        var reader = wide
        try reader.skip(8)
        entriesHere = try reader.size64()
        entries = try reader.size64()
        size = try reader.size64()
        offset = try reader.size64()
        end = place
      }
      guard disk == firstDisk || disk == 0xFFFF, entriesHere == entries else {
        throw .unsupported(part: "a zip archive", found: "several disks", expected: "one file")
      }
      guard offset <= end, size <= end - offset else {
        throw .truncated(part: "the zip directory", needed: size, available: max(end - offset, 0))
      }
      directory = offset..<offset + size
      count = entries
    }

    /// The last place where an end record with a comment of the right length stands.
    private static func position(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError.Kind)
      -> Int
    {
      var position = bytes.count - 22
      let first = max(0, position - 0xFFFF)
      while position >= first {
        let signature = bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
        if UInt32(littleEndian: signature) == 0x0605_4b50 {
          let comment = bytes.loadUnaligned(fromByteOffset: position + 20, as: UInt16.self)
          if position + 22 + Int(UInt16(littleEndian: comment)) == bytes.count { return position }
        }
        position -= 1
      }
      throw .malformed(
        part: "the zip archive", found: "no directory at its end",
        expected: "one; the file is probably cut short")
    }

    /// The zip64 end record, after its signature and length, if the archive has one.
    private static func zip64(
      _ bytes: UnsafeRawBufferPointer, before position: Int
    ) throws(CheckpointError.Kind) -> (ByteReader, Int)? {
      guard position >= 20 else { return nil }
      var locator = ByteReader(bytes, part: "the zip64 locator", offset: position - 20)
      guard try locator.integer(UInt32.self) == 0x0706_4b50 else { return nil }
      try locator.skip(4)
      let place = try locator.size64()
      let part = "the zip64 end record"
      guard place <= position - 20 else {
        throw .truncated(part: part, needed: place, available: position - 20)
      }
      var reader = ByteReader(bytes, part: part, offset: place)
      guard try reader.integer(UInt32.self) == 0x0606_4b50 else {
        throw .malformed(
          part: part, found: "another signature at byte \(place)", expected: "its own")
      }
      try reader.skip(12)
      return (reader, place)
    }
  }
}
