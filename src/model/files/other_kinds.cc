#include "model/files/other_kinds.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/text.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr const char* kSentencePiece = "tokenizer.model";

bool has(const std::string& folder, const char* name) {
  std::error_code error;
  return fs::exists(fs::path(folder) / name, error);
}

// The first of these names that the folder has; "" for none.
std::string first_of(const std::string& folder, std::initializer_list<const char*> names) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const char* name) { return has(folder, name); });
  return found == names.end() ? "" : *found;
}

bool is_folder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_file(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::string name_of_file(const std::string& path) { return fs::path(path).filename().string(); }
std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// PyTorch's files: zip archives of pickles, or bare pickles.
bool is_pickle_name(const std::string& name) {
  return name.ends_with(".bin") || name.ends_with(".pt") || name.ends_with(".pth");
}

bool begins_with(const std::string& path, std::string_view bytes) {
  std::ifstream file(path, std::ios::binary);
  std::string found(bytes.size(), '\0');
  return file.read(found.data(), static_cast<std::streamsize>(found.size())) && found == bytes;
}

std::vector<std::string> gguf_files(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".gguf") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// "" when the adapter's configuration names none.
std::string base_of_adapter(const std::string& folder) {
  const std::string path = (fs::path(folder) / "adapter_config.json").string();
  if (!is_file(path)) return "";
  const Json json = Json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  const auto base = json.is_object() ? json.find("base_model_name_or_path") : json.end();
  return base != json.end() && base->is_string() ? base->get<std::string>() : "";
}

[[noreturn]] void fail_adapter_as_model(const std::string& folder) {
  const std::string base = base_of_adapter(folder);
  fail(ErrorKind::kBadInput,
       "{}: is a LoRA adapter, not a model; give the model it was trained on{} with --model (model.base of a recipe), "
       "and this folder with --adapter (lora.adapter)",
       folder, base.empty() ? "" : fmt::format(" ({})", excerpt(base, 120)));
}

[[noreturn]] void fail_pickled_model(const std::string& folder, const std::string& name) {
  fail(ErrorKind::kUnsupported,
       "{}: the weights are {}, a PyTorch pickle, which can run code when it is read; write safetensors with "
       "transformers: AutoModelForCausalLM.from_pretrained(\"{}\").save_pretrained(\"{}\")",
       folder, name, folder, folder);
}

[[noreturn]] void fail_pickled_adapter(const std::string& folder, const std::string& name) {
  fail(ErrorKind::kUnsupported,
       "{}: the adapter's weights are {}, a PyTorch pickle, which can run code when it is read; write safetensors with "
       "PEFT: AutoPeftModelForCausalLM.from_pretrained(\"{}\").save_pretrained(\"{}\")",
       folder, name, folder, folder);
}

void refuse_file_as_model(const std::string& path) {
  const std::string name = name_of_file(path), folder = folder_of(path);
  if (name.starts_with("adapter_")) fail_adapter_as_model(folder);
  if (begins_with(path, "GGUF")) {
    fail(ErrorKind::kBadInput, "{}: is a GGUF file under another name; call it NAME.gguf", path);
  }
  if (is_pickle_name(name)) fail_pickled_model(folder, name);
  if (name.ends_with(".safetensors") || name.ends_with(".json")) {
    fail(ErrorKind::kBadInput, "{}: is one file of a model; give its folder ({}), which has config.json beside it",
         path, folder);
  }
  refuse_other_tokenizers(path);
}

}  // namespace

bool is_adapter_folder(const std::string& path) {
  return has(path, "adapter_config.json") && !has(path, "config.json");
}

void refuse_other_models(const std::string& path) {
  if (is_file(path)) return refuse_file_as_model(path);
  if (!is_folder(path)) return;
  if (is_adapter_folder(path) || (has(path, "adapter_model.safetensors") && !has(path, "config.json"))) {
    fail_adapter_as_model(path);
  }
  const std::string pickle =
      first_of(path, {"pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.00.pth", "model.pt"});
  const bool has_safetensors = has(path, "model.safetensors") || has(path, "model.safetensors.index.json");
  if (const auto names = gguf_files(path); !names.empty() && !has_safetensors) {
    fail(ErrorKind::kBadInput, "{}: this folder holds a GGUF file; give it by its name: {}", path,
         (fs::path(path) / names.front()).string());
  }
  if (!pickle.empty() && !has_safetensors) fail_pickled_model(path, pickle);
  if (has(path, "config.json")) return;
  if (has_safetensors) {
    fail(ErrorKind::kNotFound, "{}: has weights and no config.json beside them; copy it from the model's repository",
         path);
  }
  refuse_other_tokenizers(path);
}

void refuse_other_adapters(const std::string& path) {
  if (is_file(path)) {
    if (begins_with(path, "GGUF")) {
      fail(
          ErrorKind::kUnsupported,
          "{}: is a GGUF file, and adapters are read as PEFT writes them; give the folder with adapter_config.json and "
          "adapter_model.safetensors that it was converted from",
          path);
    }
    if (is_pickle_name(name_of_file(path))) fail_pickled_adapter(folder_of(path), name_of_file(path));
    fail(ErrorKind::kBadInput, "{}: is a file; an adapter is a folder: give {}", path, folder_of(path));
  }
  if (!is_folder(path)) return;
  if (const std::string pickle = first_of(path, {"adapter_model.bin", "adapter_model.pt"});
      !pickle.empty() && !has(path, "adapter_model.safetensors")) {
    fail_pickled_adapter(path, pickle);
  }
  if (has(path, "adapter_config.json") || has(path, "adapter_model.safetensors")) return;
  if (has(path, "config.json")) {
    fail(ErrorKind::kBadInput,
         "{}: is a model, not an adapter; give it with --model (model.base of a recipe) and leave "
         "the adapter out",
         path);
  }
  if (const auto names = gguf_files(path); !names.empty()) {
    refuse_other_adapters((fs::path(path) / names.front()).string());
  }
}

void refuse_other_tokenizers(const std::string& path) {
  const std::string folder = is_file(path) ? folder_of(path) : path;
  const std::string name = is_file(path) ? name_of_file(path) : first_of(folder, {"tokenizer.json", kSentencePiece});
  if (name == kSentencePiece) {
    fail(ErrorKind::kUnsupported,
         "{}: the tokenizer is {}, a SentencePiece model; this build reads tokenizer.json with byte-level BPE, as "
         "Llama 3, Qwen2 and SmolLM2 have it: take one of these models",
         folder, name);
  }
  if (name.empty() && has(folder, "vocab.json") && has(folder, "merges.txt")) {
    fail(ErrorKind::kBadInput,
         "{}: has vocab.json and merges.txt, but no tokenizer.json; write it with transformers: "
         "AutoTokenizer.from_pretrained(\"{}\").save_pretrained(\"{}\")",
         folder, folder, folder);
  }
}

}  // namespace manyshot
