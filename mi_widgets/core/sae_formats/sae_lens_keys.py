"""The keys of SAELens's configs that change nothing of what a dictionary computes: how it was trained, and on what."""

_NAMES = """
    device dtype_lm sae_lens_version sae_lens_training_version neuronpedia_id neuronpedia model_class_name
    model_kwargs prepend_bos exclude_special_tokens context_size seqpos_slice dataset_path
    dataset_trust_remote_code streaming is_dataset_tokenized use_chat_formatting sequence_separator_token
    disable_concat_sequences hook_eval use_cached_activations cached_activations_path from_pretrained_path
    n_batches_in_buffer training_tokens total_training_tokens store_batch_size store_batch_size_prompts
    activations_mixing_fraction llm_device act_store_device prefetch_llm_batches seed autocast autocast_lm
    compile_llm llm_compilation_mode compile_sae sae_compilation_mode train_batch_size train_batch_size_tokens
    adam_beta1 adam_beta2 adam_eps lr lr_scheduler_name lr_warm_up_steps lr_end lr_decay_steps n_restart_cycles
    dead_feature_window feature_sampling_window feature_sampling_method feature_reinit_scale
    dead_feature_estimation_method dead_feature_threshold resample_batches n_eval_batches eval_batch_size_prompts
    logger log_to_wandb wandb_project wandb_id run_name wandb_entity wandb_log_frequency eval_every_n_wandb_logs
    log_optimizer_state_to_wandb log_activations_store_to_wandb n_checkpoints checkpoint_path save_final_checkpoint
    output_path resume resume_from_checkpoint verbose n_batches_for_norm_estimate expansion_factor
    b_dec_init_method init_encoder_as_decoder_transpose decoder_init_norm decoder_heuristic_init
    decoder_heuristic_init_norm decoder_orthogonal_init normalize_sae_decoder noise_scale
    scale_sparsity_penalty_by_decoder_norm mse_loss_normalization l1_coefficient l1_warm_up_steps lp_norm
    sparsity_loss l0_lambda l0_coefficient l0_warm_up_steps jumprelu_init_threshold jumprelu_bandwidth
    jumprelu_sparsity_loss_mode jumprelu_tanh_scale jumprelu_ste_to_input pre_act_loss_coefficient target_l0
    aux_loss_coefficient topk_threshold_lr use_ghost_grads use_sparse_activations use_matryoshka_aux_loss
    tokens_per_buffer d_head git_commit training_time
"""
OF_TRAINING = tuple(_NAMES.split())

# Settings of the model that leave what passes at our sites as it is, whatever they are.
HARMLESS_MODEL_SETTINGS = frozenset(
    ("fold_ln", "center_unembed", "device", "dtype", "torch_dtype", "n_devices", "move_to_device", "revision")
)
