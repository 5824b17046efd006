// write_gguf_model() of export_model.h.
#include <filesystem>

#include "core/error.h"
#include "core/progress.h"
#include "model/files/gguf_names.h"
#include "model/files/gguf_quantize.h"
#include "model/files/row_chunks.h"
#include "model/files/tokenizer_files.h"
#include "model/language/export_model.h"
#include "model/language/rope.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

using TensorShape = std::pair<std::string, std::vector<uint64_t>>;

class GgufExport {
 public:
  GgufExport(const TensorSource& source, GgmlType type)
      : source_(source), config_(source.config()), type_(type), tensors_(language_model_tensors(config_)) {}

  GgufMetadata metadata(const std::string& tokenizer_path) const {
    GgufMetadata metadata;
    metadata.add_text("general.architecture", architecture());
    metadata.add_text("general.name", fs::path(source_.path()).stem().string());
    metadata.add_u32("general.file_type", file_type());
    add_size(metadata, "vocab_size", config_.vocab_size);
    add_size(metadata, "context_length", config_.max_position_embeddings);
    add_size(metadata, "embedding_length", config_.hidden_size);
    add_size(metadata, "block_count", config_.num_hidden_layers);
    add_size(metadata, "feed_forward_length", config_.intermediate_size);
    add_size(metadata, "attention.head_count", config_.num_attention_heads);
    add_size(metadata, "attention.head_count_kv", config_.num_key_value_heads);
    add_size(metadata, "attention.key_length", config_.head_dim);
    add_size(metadata, "attention.value_length", config_.head_dim);
    add_size(metadata, "rope.dimension_count", config_.head_dim);
    metadata.add_f32(key("rope.freq_base"), static_cast<float>(config_.rope_theta));
    metadata.add_f32(key("attention.layer_norm_rms_epsilon"), static_cast<float>(config_.rms_norm_eps));
    add_rope_scaling(metadata);
    add_tokenizer_metadata(read_tokenizer(tokenizer_path), static_cast<size_t>(config_.vocab_size), metadata);
    return metadata;
  }

  void write(const std::string& tokenizer_path, const std::string& path) const {
    const std::vector<float> factors = frequency_factors();
    std::vector<GgufTensorEntry> entries;
    if (!factors.empty()) entries.push_back({"rope_freqs.weight", GgmlType::kF32, {factors.size()}});
    for (const auto& [name, shape] : tensors_) entries.push_back({gguf_name(name), type_of(shape), shape});
    GgufFileWriter file(path, metadata(tokenizer_path), entries);
    if (!factors.empty()) file.write(std::as_bytes(std::span(factors)));
    Progress progress("export", tensors_.size(), "tensors");
    for (const TensorShape& tensor : tensors_) {
      write_tensor(tensor, file);
      progress.add();
    }
    file.commit();
  }

 private:
  const char* architecture() const { return config_.architecture == LanguageArchitecture::kLlama ? "llama" : "qwen2"; }
  std::string key(const char* name) const { return fmt::format("{}.{}", architecture(), name); }
  void add_size(GgufMetadata& metadata, const char* name, int value) const {
    metadata.add_u32(key(name), static_cast<uint32_t>(value));
  }

  // llama.cpp's numbers of mostly-F32, -F16, -Q8_0 and -BF16 files.
  uint32_t file_type() const {
    return type_ == GgmlType::kF32 ? 0 : type_ == GgmlType::kF16 ? 1 : type_ == GgmlType::kQ8_0 ? 7 : 32;
  }

  GgmlType type_of(const std::vector<uint64_t>& shape) const {
    if (shape.size() < 2) return GgmlType::kF32;
    const bool has_whole_blocks = shape.back() % ggml_layout(type_).block_values == 0;
    return has_whole_blocks ? type_ : GgmlType::kF16;
  }

  void add_rope_scaling(GgufMetadata& metadata) const {
    const RopeScaling& rope = config_.rope_scaling;
    if (rope.type != RopeScaling::Type::kLinear && rope.type != RopeScaling::Type::kYarn) return;
    const bool is_yarn = rope.type == RopeScaling::Type::kYarn;
    metadata.add_text(key("rope.scaling.type"), is_yarn ? "yarn" : "linear");
    metadata.add_f32(key("rope.scaling.factor"), static_cast<float>(rope.factor));
    if (!is_yarn) return;
    metadata.add_u32(key("rope.scaling.original_context_length"),
                     static_cast<uint32_t>(rope.original_max_position_embeddings));
    metadata.add_f32(key("rope.scaling.yarn_beta_fast"), static_cast<float>(rope.beta_fast));
    metadata.add_f32(key("rope.scaling.yarn_beta_slow"), static_cast<float>(rope.beta_slow));
    if (rope.attention_factor) {
      metadata.add_f32(key("rope.scaling.yarn_attn_factor"), static_cast<float>(*rope.attention_factor));
    }
  }

  // Llama 3's scaling as each frequency's divisor; empty: none.
  std::vector<float> frequency_factors() const {
    const RopeScaling& rope = config_.rope_scaling;
    if (rope.type == RopeScaling::Type::kFactors) return rope.frequency_factors;
    if (rope.type != RopeScaling::Type::kLlama3) return {};
    LanguageModelConfig plain = config_;
    plain.rope_scaling = {};
    const Rope scaled_rope(config_), plain_rope(plain);
    std::vector<float> factors;
    for (size_t i = 0; i < plain_rope.frequencies().size(); ++i) {
      factors.push_back(plain_rope.frequencies()[i] / scaled_rope.frequencies()[i]);
    }
    return factors;
  }

  bool is_interleaved(const std::string& name) const {
    return config_.architecture == LanguageArchitecture::kLlama && is_interleaved_in_llama(name);
  }

  void write_tensor(const TensorShape& tensor, GgufFileWriter& file) const {
    const auto& [name, shape] = tensor;
    const uint64_t columns = columns_of(shape), head_dim = static_cast<uint64_t>(config_.head_dim);
    std::vector<float> values;
    std::vector<std::byte> stored;
    for_row_chunks(shape, [&, name = name, shape = shape](uint64_t first, uint64_t count) {
      values.resize(count * columns);
      if (is_interleaved(name) && shape.size() == 2) {
        for (uint64_t row = 0; row < count; ++row) {
          source_.read_rows(name, row_of_interleaved(first + row, head_dim), 1,
                            std::span(values).subspan(row * columns, columns));
        }
      } else {
        source_.read_rows(name, first, count, values);
        if (is_interleaved(name)) interleave(values, head_dim);
      }
      stored.clear();
      quantize(type_of(shape), values, stored);
      file.write(stored);
    });
  }

  static void interleave(std::vector<float>& bias, uint64_t head_dim) {
    const std::vector<float> before = bias;
    for (uint64_t i = 0; i < bias.size(); ++i) bias[i] = before[row_of_interleaved(i, head_dim)];
  }

  const TensorSource& source_;
  const LanguageModelConfig& config_;
  GgmlType type_;
  std::vector<TensorShape> tensors_;
};

}  // namespace

void write_gguf_model(const TensorSource& source, const std::string& tokenizer_path, GgmlType type,
                      const std::string& path) {
  GgufExport(source, type).write(tokenizer_path, path);
}

}  // namespace manyshot
