import RunKit
import SessionStore

extension SessionStoreError: ExplainedError {
  package var sentence: String { description }

  package var remedy: String {
    switch problem {
    case .newer:
      "Use that version of pvdm, or another data folder (pvdm studio --data FOLDER)"
    case .older: "Close that studio and open this one"
    case .damaged:
      "Start the studio again; it sets the database aside and keeps what can be read of it"
    case .notWritable: "Check the folder's permissions"
    case .full: "Free some space"
    case .exclusive:
      "Close the other one, or keep the studio's data on a local disk (pvdm studio --data FOLDER)"
    case .failed: ""
    }
  }
}
