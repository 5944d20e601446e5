// The queries, keys and values of attention as its loops read them. Included once for each element
// type.
//
// Like products, attention reads words of 32 bits: float32 numbers, or pairs of bfloat16 where the
// processor has dot products of them (CK_PAIRED). Pairs of queries and keys follow each other along the
// channels, pairs of weights and values along the keys.

#if CK_PAIRED
#define CK_NUMBERS 2  // of a word
#else
#define CK_NUMBERS 1
#endif
#define CK_WEIGHT_ROW (CK_KEY_BLOCK / CK_NUMBERS)  // words from one query's weights to the next

// The token at which a sequence's runs start.
CK_INLINE long NAME(attention_start)(const ck_attention_problem *p, long sequence) {
  return sequence / p->inner * p->outer_stride + sequence % p->inner * p->inner_stride;
}

// The token at a position of the sequence with that start.
CK_INLINE long NAME(attention_token)(const ck_attention_problem *p, long start, long position) {
  int r = 0;
  while (position >= p->runs[r].count) position -= p->runs[r++].count;
  return start + (p->runs[r].start + position) * p->token_step;
}

// One row of q or k as numbers of the type `operand`, rotated where the problem says so.
CK_INLINE void NAME(attention_row)(const ck_attention_problem *p, const TYPE *row, long position,
                                   const ck_type operand, void *out) {
  const int width = p->width;
  int i = 0;
  if (!p->rotary_cosine) {
    for (; i + CK_WIDTH <= width; i += CK_WIDTH) matmul_store_operand(operand, out, i, LOAD(row + i));
    for (; i < width; i++) matmul_store_number(operand, out, i, SCALAR_LOAD(row + i));
    return;
  }
  const float *cosine = p->rotary_cosine + position * width, *sine = p->rotary_sine + position * width;
  for (; i + CK_WIDTH <= width; i += CK_WIDTH) {
    vfloat x = LOAD(row + i);
    matmul_store_operand(operand, out, i,
                          vfma(vswap(x), load_f32(sine + i), x * load_f32(cosine + i)));
  }
  for (; i < width; i += 2) {
    float a = SCALAR_LOAD(row + i), b = SCALAR_LOAD(row + i + 1);
    matmul_store_number(operand, out, i, a * cosine[i] + b * sine[i]);
    matmul_store_number(operand, out, i + 1, b * cosine[i + 1] + a * sine[i + 1]);
  }
}

// The same as words; the last may have an empty half.
CK_INLINE void NAME(attention_words)(const ck_attention_problem *p, const TYPE *row, long position,
                                     float *words) {
#if CK_PAIRED
  if (p->width % 2) ((uint16_t *)words)[p->width] = 0;
#endif
  NAME(attention_row)(p, row, position, CK_PAIRED ? CK_BFLOAT16 : CK_FLOAT32, words);
}

// Where a channel of a word of values is, after that of channel 0.
CK_INLINE long NAME(attention_channel)(int channel) {
  return (long)(channel / CK_KEY_GROUP) * CK_WEIGHT_ROW * CK_KEY_GROUP + channel % CK_KEY_GROUP;
}

// The values of one word of keys, in all groups of channels: of one token or of two; NULL stands for a token
// of zeros.
CK_INLINE void NAME(attention_values)(const TYPE *first, const TYPE *second, int width, int value_width,
                                      float *words) {
  int i = 0;
#if CK_PAIRED
  uint32_t *out = (uint32_t *)words;
  for (; first && second && i + CK_WIDTH <= width; i += CK_WIDTH) {
    vhalf low, high;
    memcpy(&low, first + i, sizeof low);
    memcpy(&high, second + i, sizeof high);
    vuint both = __builtin_convertvector(low, vuint) | __builtin_convertvector(high, vuint) << 16;
    memcpy(out + NAME(attention_channel)(i), &both, sizeof both);
  }
  for (; i < width; i++)
    out[NAME(attention_channel)(i)] = (first ? first[i] : 0) | (uint32_t)(second ? second[i] : 0) << 16;
#else
  (void)second;
  for (; first && i + CK_WIDTH <= width; i += CK_WIDTH) 
    store_f32(words + NAME(attention_channel)(i), LOAD(first + i));
  for (; i < width; i++) words[NAME(attention_channel)(i)] = first ? SCALAR_LOAD(first + i) : 0;
#endif
  for (; i < value_width; i++) words[NAME(attention_channel)(i)] = 0;
}

// Fetches the lines of the head that follows the one in `row`.
CK_INLINE void NAME(attention_fetch_next)(const ck_attention_problem *p, const TYPE *row) {
  const char *next = (const char *)(row + p->input_head_stride);
  for (long at = 0; at < p->width * (long)sizeof(TYPE); at += 64) __builtin_prefetch(next + at, 0, 2);
}

// The keys k'[group][width_words][CK_KEY_GROUP] and values v[block][group][CK_WEIGHT_ROW][CK_KEY_GROUP] of a
// sequence and head, padded with zeros to whole vectors of keys.
//
// `rows` is room for [CK_WIDTH][width_words] words, before they are transposed, and a vector more.
static void NAME(attention_pack)(const ck_attention_problem *p, long start, long head, long length,
                                 long padded, int width_words, int value_width, float *keys,
                                 float *values, float *rows) {
  const TYPE *k = (const TYPE *)p->key + head * p->input_head_stride;
  const TYPE *v = (const TYPE *)p->value + head * p->input_head_stride;
  for (long group = 0; group < padded; group += CK_WIDTH) {
    const TYPE *sources[CK_WIDTH];
    for (long j = 0; j < CK_WIDTH; j++) {
      float *row = rows + j * width_words;
      sources[j] = NULL;
      if (group + j < length) {
        long at = NAME(attention_token)(p, start, group + j) * p->input_stride;
        NAME(attention_words)(p, k + at, group + j, row);
        sources[j] = v + at;
        NAME(attention_fetch_next)(p, k + at);
        NAME(attention_fetch_next)(p, v + at);
      } else {
        memset(row, 0, sizeof(float) * width_words);
      }
    }
    for (long j = 0; j < CK_WIDTH; j += CK_NUMBERS)
      NAME(attention_values)(sources[j], sources[j + CK_NUMBERS - 1], p->width, value_width,
                             values + group / CK_KEY_BLOCK * CK_WEIGHT_ROW * value_width +
                                 (group + j) % CK_KEY_BLOCK / CK_NUMBERS * CK_KEY_GROUP);
    float *block = keys + group / CK_KEY_GROUP * CK_KEY_GROUP * width_words + group % CK_KEY_GROUP;
    for (int i = 0; i < width_words; i += CK_WIDTH) {
      vfloat square[CK_WIDTH];
      CK_UNROLLED for (int j = 0; j < CK_WIDTH; j++) square[j] = load_f32(rows + j * width_words + i);
      vtranspose(square);
      for (int j = 0; j < CK_WIDTH && i + j < width_words; j++)
        store_f32(block + (i + j) * CK_KEY_GROUP, square[j]);
    }
  }
}
