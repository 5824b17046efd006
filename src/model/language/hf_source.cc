// A Hugging Face folder: config.json, and model.safetensors or the shards that model.safetensors.index.json lists.
#include <cstring>
#include <filesystem>
#include <map>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/log.h"
#include "core/text.h"
#include "model/files/other_kinds.h"
#include "model/files/row_chunks.h"
#include "model/files/safetensors.h"
#include "model/language/open_source.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr const char* kWeightsName = "model.safetensors";
constexpr const char* kIndexName = "model.safetensors.index.json";
constexpr const char* kHead = "lm_head.weight";
constexpr const char* kEmbedding = "model.embed_tokens.weight";
constexpr uint64_t kMaxJsonBytes = 64 << 20;

struct Shard {
  explicit Shard(const std::string& path) : mapped(path), file(mapped.bytes(), path) {}
  MappedFile mapped;
  Safetensors file;
};

// Tensor name -> shard's file name, as the index has it.
std::map<std::string, std::string> read_index(const std::string& path) {
  Json json;
  try {
    json = Json::parse(read_file(path, kMaxJsonBytes));
  } catch (const Json::exception& error) {
    fail(ErrorKind::kCorruptFile, "{}: not valid JSON ({}); copy or download the model again", path,
         excerpt(error.what(), 120));
  }
  const auto weights = json.is_object() ? json.find("weight_map") : json.end();
  if (weights == json.end() || !weights->is_object()) {
    fail(ErrorKind::kCorruptFile, "{}: has no \"weight_map\" object; copy or download the model again", path);
  }
  std::map<std::string, std::string> shards;
  for (const auto& [tensor, shard] : weights->items()) {
    if (!shard.is_string() || shard.get<std::string>().find('/') != std::string::npos) {
      fail(ErrorKind::kCorruptFile,
           "{}: tensor \"{}\" is said to be in {}, which is no file name; copy the model again", path, excerpt(tensor),
           excerpt(shard.dump()));
    }
    shards[tensor] = shard.get<std::string>();
  }
  return shards;
}

bool is_float(TensorType type) {
  return type == TensorType::kF32 || type == TensorType::kBF16 || type == TensorType::kF16;
}

GgmlType float_type(TensorType type) {
  return type == TensorType::kF32 ? GgmlType::kF32 : type == TensorType::kF16 ? GgmlType::kF16 : GgmlType::kBF16;
}

class HuggingFaceSource : public TensorSource {
 public:
  explicit HuggingFaceSource(const std::string& folder) : folder_(folder) {
    const std::string config_path = required_file("config.json");
    config_ = parse_language_model_config(read_file(config_path, kMaxJsonBytes), config_path);
    std::error_code error;
    const std::string index_path = in_folder(kIndexName);
    if (!fs::exists(in_folder(kWeightsName), error) && fs::exists(index_path, error)) {
      open_shards(index_path);
    } else {
      const Shard& shard = open_shard(required_file(kWeightsName));
      for (const TensorInfo& tensor : shard.file.tensors()) tensors_[tensor.name] = {&shard, &tensor};
    }
    if (config_.tie_word_embeddings && has_other_head()) {
      config_.tie_word_embeddings = false;
      log::info(
          "note: {}: config.json says tie_word_embeddings, but the stored {} differs from the embedding; the stored "
          "one is used",
          folder_, kHead);
    }
    std::vector<std::string> names;
    for (const auto& [name, place] : tensors_) names.push_back(name);
    check_tensors(*this, names);
    for (const auto& [name, shape] : language_model_tensors(config_)) add_stored(name);
  }

  const std::string& path() const override { return folder_; }
  const LanguageModelConfig& config() const override { return config_; }
  bool contains(std::string_view name) const override { return tensors_.contains(name); }
  std::vector<uint64_t> shape(std::string_view name) const override { return find(name).tensor->shape; }
  std::string type_name(std::string_view name) const override { return tensor_type_name(find(name).tensor->type); }
  uint64_t stored_bytes() const override { return stored_bytes_; }

  void read_rows(std::string_view name, uint64_t first_row, uint64_t num_rows, std::span<float> out) const override {
    const ReadRange range = check_range(*this, name, first_row, num_rows, out.size());
    const Place& place = find(name);
    const uint64_t row_bytes = range.columns * tensor_type_bytes(place.tensor->type);
    const auto stored = place.shard->file.data(*place.tensor).subspan(first_row * row_bytes, num_rows * row_bytes);
    dequantize(float_type(place.tensor->type), stored, out);
    place.shard->mapped.forget(stored);  // weights are read once
  }

 private:
  struct Place {
    const Shard* shard = nullptr;
    const TensorInfo* tensor = nullptr;
  };

  std::string in_folder(const std::string& name) const { return (fs::path(folder_) / name).string(); }

  std::string required_file(const char* name) const {
    std::error_code error;
    if (!fs::exists(in_folder(name), error)) {
      refuse_other_models(folder_);
      fail(ErrorKind::kNotFound,
           "{}: no {} in this folder; a language model has config.json and model.safetensors (or shards and their "
           "index): check the path",
           folder_, name);
    }
    return in_folder(name);
  }

  const Shard& open_shard(const std::string& path) { return *shards_.emplace_back(std::make_unique<Shard>(path)); }

  void open_shards(const std::string& index_path) {
    std::map<std::string, const Shard*> opened;
    for (const auto& [name, shard] : read_index(index_path)) {
      const Shard*& opened_shard = opened[shard];
      std::error_code error;
      if (opened_shard == nullptr && !fs::exists(in_folder(shard), error)) {
        fail(ErrorKind::kNotFound,
             "{}: the index names shard {}, which is not in this folder; copy or download the model again", folder_,
             excerpt(shard));
      }
      if (opened_shard == nullptr) opened_shard = &open_shard(in_folder(shard));
      const TensorInfo* tensor = opened_shard->file.find(name);
      if (tensor == nullptr) {
        fail(ErrorKind::kCorruptFile,
             "{}: the index puts tensor \"{}\" into this shard, which does not have it; copy or download the model "
             "again",
             opened_shard->file.source(), excerpt(name));
      }
      tensors_[name] = {opened_shard, tensor};
    }
  }

  // Whether a head is stored beside the embedding, with other values.
  bool has_other_head() const {
    if (!contains(kHead) || !contains(kEmbedding)) return false;
    const Place &head = find(kHead), &embedding = find(kEmbedding);
    if (head.tensor->shape != embedding.tensor->shape) return true;
    const auto of_head = head.shard->file.data(*head.tensor),
               of_embedding = embedding.shard->file.data(*embedding.tensor);
    if (head.tensor->type == embedding.tensor->type)
      return std::memcmp(of_head.data(), of_embedding.data(), of_head.size()) != 0;
    if (!is_float(head.tensor->type) || !is_float(embedding.tensor->type)) return true;
    bool differs = false;
    std::vector<float> a, b;
    for_row_chunks(head.tensor->shape, [&](uint64_t first, uint64_t count) {
      if (differs) return;
      a.resize(count * columns_of(head.tensor->shape));
      b.resize(a.size());
      read_rows(kHead, first, count, a);
      read_rows(kEmbedding, first, count, b);
      differs = a != b;
    });
    return differs;
  }

  void add_stored(const std::string& name) {
    const Place& place = find(name);
    const TensorType type = place.tensor->type;
    if (!is_float(type)) {
      fail(ErrorKind::kUnsupported,
           "{}: tensor \"{}\" is {}; weights must be F32, BF16 or F16: save the model in one of these",
           place.shard->file.source(), name, tensor_type_name(type));
    }
    stored_bytes_ += place.tensor->end - place.tensor->begin;
  }

  const Place& find(std::string_view name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      fail(ErrorKind::kCorruptFile,
           "{}: tensor \"{}\" is missing; config.json and weights do not belong together, or a file is incomplete: "
           "copy the model again",
           folder_, excerpt(name));
    }
    return found->second;
  }

  std::string folder_;
  LanguageModelConfig config_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::map<std::string, Place, std::less<>> tensors_;
  uint64_t stored_bytes_ = 0;
};

}  // namespace

std::unique_ptr<TensorSource> open_hugging_face_source(const std::string& folder) {
  return std::make_unique<HuggingFaceSource>(folder);
}

}  // namespace manyshot
