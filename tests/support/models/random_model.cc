#include "support/models/random_model.h"

#include <fmt/format.h>

#include <cmath>

#include "core/rng.h"
#include "support/temporary_folder.h"

namespace manyshot {

Json RandomModel::config() const {
  Json config{{"model_type", "llama"},
              {"vocab_size", vocab_size()},
              {"hidden_size", hidden_size},
              {"intermediate_size", intermediate_size},
              {"num_hidden_layers", num_layers},
              {"num_attention_heads", num_heads},
              {"num_key_value_heads", num_kv_heads},
              {"head_dim", head_dim},
              {"hidden_act", "silu"},
              {"rms_norm_eps", 1e-6},
              {"rope_theta", 10000.0},
              {"max_position_embeddings", 128},
              {"tie_word_embeddings", true},
              {"manyshot",
               {{"format", "compact"},
                {"row_layers", row_layers},
                {"max_classes", num_labels},
                {"number_tokens", {0, num_codes - 1}},
                {"label_tokens", {first_label(), first_label() + num_labels - 1}},
                {"bar_token", bar()},
                {"column_tokens", {first_column(), first_rank() - 1}},
                {"column_embedding", "added"}}}};
  if (is_typed) {
    config["manyshot"].update({{"version", 2},
                               {"predicts_numbers", true},
                               {"rank_tokens", {first_rank(), first_rank() + num_codes - 1}},
                               {"target_tokens", {first_target(), first_target() + num_codes - 1}},
                               {"missing_token", missing()},
                               {"unseen_token", missing() + 1},
                               {"category_tokens", {missing() + 2, missing() + 9}},
                               {"share_tokens", {missing() + 10, vocab_size() - 1}}});
  }
  return config;
}

// A value: a code, or in version 2 any kind of cell.
TokenId RandomModel::cell(const Rng& rng, uint64_t place) const {
  const auto codes = static_cast<uint64_t>(num_codes);
  const auto code = static_cast<TokenId>(rng.below(place, codes));
  if (!is_typed) return code;
  const auto other = static_cast<TokenId>(rng.child("other").below(place, codes));
  const TokenId first_pair = vocab_size(), first_share = first_pair + num_codes * num_codes;
  switch (rng.child("kind").below(place, 5)) {
    case 0:
      return missing();
    case 1:
      return missing() + 1 + code % 9;  // unseen, or a category
    case 2:
      return first_share + num_codes * (other % (num_labels + 1)) + code;
    default:
      return first_pair + num_codes * other + code;
  }
}

std::vector<RandomTensor> RandomModel::tensors() const {
  const Rng rng = Rng(seed).child("weights");
  const auto D = static_cast<uint64_t>(hidden_size), I = static_cast<uint64_t>(intermediate_size);
  const auto queries = static_cast<uint64_t>(num_heads * head_dim),
             keys = static_cast<uint64_t>(num_kv_heads * head_dim);
  std::vector<RandomTensor> tensors;
  const auto add = [&](const std::string& name, std::vector<uint64_t> shape, double mean, double deviation) {
    tensors.push_back(normal_tensor(rng, name, std::move(shape), mean, deviation));
  };
  add("model.embed_tokens.weight", {static_cast<uint64_t>(vocab_size()), D}, 0, 0.15);
  add("model.norm.weight", {D}, 1, 0.1);
  for (int layer = 0; layer < num_layers; ++layer) {
    const std::string prefix = fmt::format("model.layers.{}.", layer);
    const double in_deviation = 1 / std::sqrt(static_cast<double>(D));
    add(prefix + "input_layernorm.weight", {D}, 1, 0.1);
    add(prefix + "post_attention_layernorm.weight", {D}, 1, 0.1);
    add(prefix + "self_attn.q_proj.weight", {queries, D}, 0, in_deviation);
    add(prefix + "self_attn.k_proj.weight", {keys, D}, 0, in_deviation);
    add(prefix + "self_attn.v_proj.weight", {keys, D}, 0, in_deviation);
    add(prefix + "self_attn.o_proj.weight", {D, queries}, 0, 1 / std::sqrt(static_cast<double>(queries)));
    add(prefix + "mlp.gate_proj.weight", {I, D}, 0, in_deviation);
    add(prefix + "mlp.up_proj.weight", {I, D}, 0, in_deviation);
    add(prefix + "mlp.down_proj.weight", {D, I}, 0, 1 / std::sqrt(static_cast<double>(I)));
  }
  return tensors;
}

Prompt RandomModel::prompt(size_t num_rows, size_t num_features) const {
  const Rng rng = Rng(seed).child("prompt", num_rows);
  const TokenId first_answer = predicts_number ? first_target() : first_label();
  const auto num_answers = static_cast<uint64_t>(predicts_number ? num_codes : num_labels);
  Prompt prompt{.layout = PromptLayout::kRows, .num_features = num_features};
  for (size_t row = 0; row < num_rows; ++row) {
    for (size_t column = 0; column < num_features; ++column) {
      prompt.context.push_back(cell(rng.child("value", row), column));
    }
    prompt.context.push_back(bar());
    prompt.context.push_back(first_answer + static_cast<TokenId>(rng.child("label").below(row, num_answers)));
  }
  for (uint64_t k = 0; k < num_answers; ++k) prompt.answers.push_back({first_answer + static_cast<TokenId>(k)});
  return prompt;
}

QueryTokens RandomModel::queries(size_t count, size_t num_features) const {
  const Rng rng = Rng(seed).child("queries");
  QueryTokens queries;
  for (size_t query = 0; query < count; ++query) {
    for (size_t column = 0; column < num_features; ++column) {
      queries.tokens.push_back(cell(rng.child("value", query), column));
    }
    queries.tokens.push_back(bar());
    queries.offsets.push_back(queries.tokens.size());
  }
  return queries;
}

void write_model(const TemporaryFolder& folder, const RandomModel& model) {
  folder.write("config.json", model.config().dump());
  folder.write("model.safetensors", safetensors_of(model.tensors()));
}

}  // namespace manyshot
