#include "cli/command.h"
#include "core/error.h"
#include "core/log.h"
#include "core/stopwatch.h"
#include "model/files/gguf_quantize.h"
#include "model/files/other_kinds.h"
#include "model/files/trained_prompt.h"
#include "model/language/adapter.h"
#include "model/language/export_model.h"
#include "model/language/text_model.h"
#include "predict/model_store.h"

namespace manyshot {
namespace {

struct MergeOptions {
  std::string model;
  std::string adapter;
  std::string out;
  FileDtype dtype = FileDtype::kBFloat16;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Input");
    v("model", self.model, any_value().required(),
      "Base language model: an installed name, a folder, or a .gguf file.");
    v("adapter", self.adapter, any_value().required(),
      "Folder of a PEFT LoRA adapter, or a checkpoint that holds one.");
    option_heading(v, "Output");
    v("out", self.out, any_value().required(), "Folder for the merged model, as transformers loads it.");
    v("dtype", self.dtype, one_of({FileDtype::kFloat32, FileDtype::kFloat16, FileDtype::kBFloat16}),
      "Number type of the merged weights.");
  }
};

class MergeCommand : public Command {
 public:
  std::string name() const override { return "merge"; }
  std::string summary() const override { return "a base model and its adapter as one model"; }
  std::string details() const override {
    return "Adds the adapter's update to the weights it was trained beside, and writes a Hugging Face folder with the "
           "base's tokenizer. manyshot export makes a GGUF file of it.";
  }
  std::string examples() const override {
    return "    manyshot merge --model smollm2 --adapter runs/a/checkpoint-400 --out merged\n";
  }
  OptionList options() override { return options_of(options_); }

  void run(const CommonOptions& common) override {
    const Stopwatch watch;
    const auto path = language_model_path(resolve_model(options_.model));
    if (!path) {
      refuse_other_models(options_.model);
      fail(ErrorKind::kUnsupported, "{}: is no language model, so it has no adapters", options_.model);
    }
    const auto merged = apply_adapter(open_tensor_source(*path), options_.adapter);
    write_hugging_face_folder(*merged, *path, ggml_type(options_.dtype), options_.out);
    if (const auto prompt = read_trained_prompt(options_.adapter)) write_trained_prompt(*prompt, options_.out);
    if (common.json) {
      print_summary(*this, {{"base", *path}, {"out", options_.out}, {"seconds", watch.seconds()}});
    } else {
      log::info("merge: {} and {} in {}", *path, options_.adapter, options_.out);
    }
  }

 private:
  MergeOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_merge_command() { return std::make_unique<MergeCommand>(); }

}  // namespace manyshot
