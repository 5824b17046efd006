#include <filesystem>

#include "cli/command.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "lab/augment/model_augmenter.h"
#include "lab/run/context_text.h"

namespace manyshot {
namespace {

struct LabPromptsOptions {
  std::string out;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("out", self.out, any_value().required(), "Folder for the files; may stand without the flag.");
  }
};

class LabPromptsCommand : public Command {
 public:
  std::string name() const override { return "lab prompts"; }
  std::string summary() const override { return "the laboratory's own prompts as files, to be changed"; }
  std::string details() const override {
    return "Writes local.txt, document.txt and global.txt, by which a model is asked to write more texts (lab run "
           "--augment-prompts), and context.txt, in which documents stand before a question (--context-prompt). "
           "Reports "
           "name the SHA-256 of the prompts that were used. A file that is there already is kept.";
  }
  std::string examples() const override {
    return "    manyshot lab prompts my-prompts\n"
           "    manyshot lab run --data data --augmenter smollm2 --augment-prompts my-prompts --context-prompt "
           "my-prompts/context.txt --out results\n";
  }
  OptionList options() override { return options_of(options_); }
  std::string positional() const override { return "out"; }

  void run(const CommonOptions& common) override {
    namespace fs = std::filesystem;
    make_folder(options_.out);
    const lab::AugmentPrompts prompts = lab::read_augment_prompts("");
    std::vector<std::pair<std::string, std::string>> files;
    for (const auto& entry : names_of(lab::AugmentKind{}))
      files.emplace_back(fmt::format("{}.txt", entry.name), prompts.texts[static_cast<size_t>(entry.value)]);
    files.emplace_back("context.txt", lab::read_context_prompt("") + "\n");
    Json written = Json::array();
    for (const auto& [name, text] : files) {
      const std::string path = (fs::path(options_.out) / name).string();
      if (fs::exists(path)) {
        log::warning("{} is there already and stays as it is", path);
        continue;
      }
      write_file(path, text);
      written.push_back(path);
    }
    if (common.json) return print_summary(*this, {{"written", written}, {"hash", prompts.hash()}});
    log::info("lab: {} files in {}", written.size(), options_.out);
  }

 private:
  LabPromptsOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_lab_prompts_command() { return std::make_unique<LabPromptsCommand>(); }

}  // namespace manyshot
