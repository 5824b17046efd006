#include <filesystem>
#include <optional>
#include <vector>

#include "cli/command.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/log.h"
#include "core/stopwatch.h"
#include "model/files/adapter_card.h"
#include "model/files/adapter_folder.h"
#include "model/files/gguf_quantize.h"
#include "model/files/other_kinds.h"
#include "model/files/safetensors.h"
#include "model/files/trained_prompt.h"
#include "model/language/adapter.h"
#include "model/language/export_model.h"
#include "model/language/text_model.h"
#include "predict/model_store.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

enum class ExportFormat { kSafetensors, kGguf, kPeft };
constexpr auto names_of(ExportFormat) {
  return std::to_array<Named<ExportFormat>>(
      {{ExportFormat::kSafetensors, "safetensors"}, {ExportFormat::kGguf, "gguf"}, {ExportFormat::kPeft, "peft"}});
}

constexpr const char *kConfigName = "adapter_config.json", *kWeightsName = "adapter_model.safetensors";

struct ExportOptions {
  std::string model;
  std::string adapter;
  ExportFormat to = ExportFormat::kSafetensors;
  std::optional<FileDtype> dtype;
  std::string base_name;
  std::string out;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Input");
    v("model", self.model, any_value().required(),
      "Language model: an installed name, a folder, a checkpoint of all weights, or a .gguf file; for --to peft a "
      "checkpoint of an adapter.");
    v("adapter", self.adapter, any_value(), "Merge this adapter on the way.");
    option_heading(v, "Output");
    v("to", self.to, any_value(),
      "safetensors: a Hugging Face folder; gguf: one file, for llama.cpp; peft: the adapter of a checkpoint alone.");
    v("dtype", self.dtype, any_value().unset_as("auto"),
      "Number type of the weights; q8_0 for gguf only. auto: bfloat16, for peft as the checkpoint has them.");
    v("base_name", self.base_name, any_value(),
      "For --to peft: the base as adapter_config.json names it, such as HuggingFaceTB/SmolLM2-135M; without it as the "
      "checkpoint does.");
    v("out", self.out, any_value().required(), "Folder, or for gguf the file.");
  }
};

class ExportCommand : public Command {
 public:
  std::string name() const override { return "export"; }
  std::string summary() const override { return "a language model for transformers, PEFT or llama.cpp"; }
  std::string details() const override {
    return "Writes a Llama or Qwen2 model with its tokenizer in another format or number type. Tokenizer, chat "
           "template and special tokens come along.";
  }
  std::string examples() const override {
    return "    manyshot export --model merged --to gguf --dtype q8_0 --out merged.gguf\n"
           "    manyshot export --model smollm2 --adapter runs/a/checkpoint-400 --to gguf --out tabular.gguf\n"
           "    manyshot export --model runs/a/checkpoint-400 --to peft --dtype bfloat16 --base-name "
           "HuggingFaceTB/SmolLM2-135M --out adapter\n";
  }
  OptionList options() override { return options_of(options_); }

  void run(const CommonOptions& common) override {
    if (!options_.base_name.empty() && options_.to != ExportFormat::kPeft) {
      fail(ErrorKind::kBadInput, "--base-name is for --to peft: a whole model has no base");
    }
    const Stopwatch watch;
    if (options_.to == ExportFormat::kPeft) {
      copy_adapter();
    } else {
      write_model();
    }
    if (common.json) {
      print_summary(*this, {{"out", options_.out}, {"seconds", watch.seconds()}});
    } else {
      log::info("export: {}", options_.out);
    }
  }

 private:
  void copy_adapter() const {
    const fs::path from(options_.model), to(options_.out);
    if (!fs::exists(from / kConfigName)) {
      fail(ErrorKind::kBadInput,
           "{}: holds no adapter (adapter_config.json); --to peft takes a checkpoint of a LoRA run", options_.model);
    }
    read_adapter_folder(options_.model);  // an adapter that cannot be read is not copied
    Json config = Json::parse(read_file((from / kConfigName).string()));
    if (!options_.base_name.empty()) config["base_model_name_or_path"] = options_.base_name;
    make_folder(options_.out);
    const std::string weights = (from / kWeightsName).string();
    write_file((to / kWeightsName).string(), options_.dtype ? converted(weights) : read_file(weights));
    write_file((to / kConfigName).string(), config.dump(2) + "\n");
    if (const auto prompt = read_trained_prompt(options_.model)) write_trained_prompt(*prompt, options_.out);
    write_adapter_card(options_.out, read_card_training(options_.model));
  }

  // The safetensors file with the numbers in the type that is asked for.
  std::string converted(const std::string& path) const {
    const GgmlType type = ggml_type(*options_.dtype);
    const TensorType tensor_type = safetensors_type(type);
    const MappedFile file(path);
    const Safetensors tensors(file.bytes(), path);
    std::vector<std::vector<std::byte>> values;
    std::vector<NamedTensor> named;
    for (const TensorInfo& tensor : tensors.tensors()) {
      quantize(type, tensors.read_f32(tensor), values.emplace_back());
      named.push_back({.name = tensor.name, .type = tensor_type, .shape = tensor.shape});
    }
    for (size_t i = 0; i < named.size(); ++i) named[i].data = values[i];
    return write_safetensors(named);
  }

  void write_model() const {
    const auto path = language_model_path(resolve_model(options_.model));
    if (!path) {
      refuse_other_models(options_.model);
      fail(ErrorKind::kUnsupported,
           "{}: is a compact model, which other programs cannot run; its folder can be copied as it is",
           options_.model);
    }
    auto source = open_tensor_source(*path);
    if (!options_.adapter.empty()) source = apply_adapter(std::move(source), options_.adapter);
    const GgmlType type = ggml_type(options_.dtype.value_or(FileDtype::kBFloat16));
    if (options_.to == ExportFormat::kGguf) {
      write_gguf_model(*source, *path, type, options_.out);
    } else {
      write_hugging_face_folder(*source, *path, type, options_.out);
      if (const auto prompt = read_trained_prompt(options_.adapter)) write_trained_prompt(*prompt, options_.out);
    }
  }

  ExportOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_export_command() { return std::make_unique<ExportCommand>(); }

}  // namespace manyshot
