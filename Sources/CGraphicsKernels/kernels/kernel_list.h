// Every kernel: KERNEL(name, arguments, threads of a block, bytes of its dynamic memory, body). A name ends in its
// type, and where there are several shapes, in how many of what a block does.

// Products: pixels by outputs of a tile.
KERNEL(gk_product_f32_128x128, gk_product, 256, 110592, product_float<128, 128, 3, 256>(a))
KERNEL(gk_product_f32_64x64, gk_product, 128, 55296, product_float<64, 64, 3, 128>(a))
KERNEL(gk_product_bf16_128x128, gk_product, 256, 110592, product_bf16<128, 128, 3, 2, 4>(a))
KERNEL(gk_product_bf16_64x64, gk_product, 128, 55296, product_bf16<64, 64, 3, 2, 2>(a))
KERNEL(gk_product_vector_f32, gk_product, 128, 0, product_vector<float>(a))
KERNEL(gk_product_vector_bf16, gk_product, 128, 0, product_vector<bf16>(a))
KERNEL(gk_add_partials, gk_product, 256, 0, add_partials(a))

// Attention: channels of a head at most, by queries of a block.
KERNEL(gk_attention_f32_32x16, gk_attention, 64, 13824, attention_float<32, 16>(a))
KERNEL(gk_attention_f32_32x64, gk_attention, 256, 27648, attention_float<32, 64>(a))
KERNEL(gk_attention_f32_64x16, gk_attention, 64, 24064, attention_float<64, 16>(a))
KERNEL(gk_attention_f32_64x64, gk_attention, 256, 44032, attention_float<64, 64>(a))
KERNEL(gk_attention_f32_128x16, gk_attention, 64, 44544, attention_float<128, 16>(a))
KERNEL(gk_attention_f32_128x32, gk_attention, 128, 55296, attention_float<128, 32>(a))
KERNEL(gk_attention_bf16_32x16, gk_attention, 32, 0, attention_bf16<32, 1, 32>(a))
KERNEL(gk_attention_bf16_32x64, gk_attention, 128, 0, attention_bf16<32, 4, 64>(a))
KERNEL(gk_attention_bf16_64x16, gk_attention, 32, 0, attention_bf16<64, 1, 32>(a))
KERNEL(gk_attention_bf16_64x64, gk_attention, 128, 0, attention_bf16<64, 4, 64>(a))
KERNEL(gk_attention_bf16_64x128, gk_attention, 256, 0, attention_bf16<64, 8, 64>(a))
KERNEL(gk_attention_bf16_128x16, gk_attention, 32, 0, attention_bf16<128, 1, 32>(a))
KERNEL(gk_attention_bf16_128x64, gk_attention, 128, 0, attention_bf16<128, 4, 32>(a))
KERNEL(gk_rotate_f32, gk_attention, 256, 0, rotate<float>(a))
KERNEL(gk_rotate_bf16, gk_attention, 256, 0, rotate<bf16>(a))

KERNEL(gk_group_norm_f32, gk_group_norm, 512, 0, group_norm<float, 512>(a))
KERNEL(gk_group_norm_bf16, gk_group_norm, 512, 0, group_norm<bf16, 512>(a))
KERNEL(gk_layer_norm_f32, gk_layer_norm, 128, 0, layer_norm<float>(a))
KERNEL(gk_layer_norm_bf16, gk_layer_norm, 128, 0, layer_norm<bf16>(a))

KERNEL(gk_elementwise_f32, gk_elementwise, 256, 0, elementwise<float>(a))
KERNEL(gk_elementwise_bf16, gk_elementwise, 256, 0, elementwise<bf16>(a))
KERNEL(gk_convert_f32_bf16, gk_convert, 256, 0, convert<float, bf16>(a))
KERNEL(gk_convert_bf16_f32, gk_convert, 256, 0, convert<bf16, float>(a))

KERNEL(gk_concatenate_f32, gk_concatenate, 256, 0, concatenate<float>(a))
KERNEL(gk_concatenate_bf16, gk_concatenate, 256, 0, concatenate<bf16>(a))
KERNEL(gk_transpose_f32, gk_transpose, 256, 0, transpose<float>(a))
KERNEL(gk_transpose_bf16, gk_transpose, 256, 0, transpose<bf16>(a))
KERNEL(gk_resample_f32, gk_resample, 256, 0, resample<float>(a))
KERNEL(gk_resample_bf16, gk_resample, 256, 0, resample<bf16>(a))
KERNEL(gk_sum_planes_f32, gk_sum_planes, 256, 0, sum_planes<float>(a))
KERNEL(gk_sum_planes_bf16, gk_sum_planes, 256, 0, sum_planes<bf16>(a))
KERNEL(gk_gather_sequences_f32, gk_gather_sequences, 256, 0, gather_sequences<float>(a))
KERNEL(gk_gather_sequences_bf16, gk_gather_sequences, 256, 0, gather_sequences<bf16>(a))

KERNEL(gk_peak_f32, gk_peak, 256, 0, peak_float(a))
KERNEL(gk_peak_bf16, gk_peak, 256, 0, peak_bf16(a))
