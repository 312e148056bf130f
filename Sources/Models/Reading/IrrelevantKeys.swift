/// Keys of config.json that change neither shapes nor layers, and so no cost.
///
/// How positions are told, activation functions, scales and caps work element by element, in operators that are
/// costed by their bytes alone.
enum IrrelevantKeys {
  /// Whether `key` is known not to matter. Keys that begin with an underscore are of the library's own.
  static func contains(_ key: String) -> Bool { key.hasPrefix("_") || all.contains(key) }

  private static let all: Set<String> = Set(
    [bookkeeping, tokens, generation, training, positions, elementwise, kernels]
      .flatMap { $0.split(whereSeparator: \.isWhitespace).map(String.init) })

  private static let bookkeeping = """
    add_cross_attention architectures auto_map chunk_size_feed_forward cross_attention_hidden_size finetuning_task
    id2label is_decoder is_encoder_decoder label2id model_name model_type name_or_path num_labels output_attentions
    output_hidden_states prefix problem_type return_dict summary_activation summary_first_dropout
    summary_proj_to_labels summary_type summary_use_proj task_specific_params tf_legacy_loss tie_encoder_decoder
    tokenizer_class torchscript transformers_version use_bfloat16 gradient_checkpointing for_llm_compressor
    unsloth_fixed unsloth_version
    """

  private static let tokens = """
    boi_token_id boi_token_index bos_token_id cls_token_id decoder_start_token_id eoi_token_id eoi_token_index
    eos_token_id forced_bos_token_id forced_eos_token_id image_token_id image_token_index mask_token_id
    mm_tokens_per_image pad_token_id sep_token_id unk_token_id video_token_id vision_end_token_id
    vision_start_token_id vision_token_id
    """

  private static let generation = """
    bad_words_ids begin_suppress_tokens diversity_penalty do_sample early_stopping encoder_no_repeat_ngram_size
    exponential_decay_length_penalty length_penalty max_length max_new_tokens min_length no_repeat_ngram_size num_beam_groups
    num_beams num_logits_to_keep num_return_sequences output_scores remove_invalid_values repetition_penalty
    return_dict_in_generate suppress_tokens temperature top_k top_p typical_p use_cache
    """

  private static let training = """
    activation_dropout attention_dropout embed_dropout attention_probs_dropout_prob attn_pdrop aux_loss_alpha
    batch_prioritized_routing classifier_dropout decoder_layerdrop dropout dropout_rate embd_pdrop embedding_dropout
    emb_pdrop encoder_layerdrop ep_size expert_capacity ffn_dropout hidden_dropout hidden_dropout_prob init_cutoff_factor
    init_device init_fn init_std initializer_factor initializer_range input_jitter_noise layerdrop
    mamba_dt_init_floor mamba_dt_max mamba_dt_min moe_eval_capacity_token_fraction moe_jitter_eps moe_loss_weight z_loss_weight
    moe_token_dropout normalize_router_prob_before_dropping output_router_logits pretraining_tp
    rescale_prenorm_residual resid_pdrop residual_dropout router_aux_loss_coef router_dtype
    router_ignore_padding_tokens router_jitter_noise router_z_loss_coef second_expert_policy seq_aux time_step_floor
    time_step_init_scheme time_step_limit time_step_max time_step_min time_step_rank add_router_probs
    """

  private static let positions = """
    alibi alibi_bias_max attn_rotary_emb initial_context_length model_max_length n_ctx original_max_position_embeddings
    partial_rotary_factor position_embedding_type relative_attention_max_distance rope rope_full_precision
    rope_interleave rope_local_base_freq rope_parameters rope_ratio rope_scaling rope_theta rotary rotary_dim
    rotary_emb_base rotary_pct
    """

  private static let elementwise = """
    activation activation_function activation_type apply_residual_connection_post_layernorm attention_multiplier
    attention_softmax_in_fp32 attn_logit_softcapping attn_scale attn_temperature_tuning clip_qkv embedding_multiplier
    final_logit_softcapping dim_model_base floor_scale hidden_act hidden_activation layer_norm_eps layer_norm_epsilon logit_scale logits_scaling
    mamba_hidden_act mlp_hidden_act moe_normalize_expert_weights n_group norm_before_gate norm_eps norm_epsilon
    norm_topk_prob query_pre_attn_scalar reorder_and_upcast_attn residual_in_fp32 residual_multiplier rms_norm scale_depth scale_emb
    rms_norm_eps routed_scaling_factor scale_attention_softmax_in_fp32 scale_attn_by_inverse_layer_idx
    scale_attn_weights scale_embedding scoring_func swiglu_limit topk_group
    """

  private static let kernels = """
    attn_implementation bias_dropout_fusion flash_attention masked_softmax_fusion slow_but_exact use_mamba_kernels
    use_mem_eff_path
    """
}
