#include "model/files/adapter_card.h"

#include <filesystem>

#include "core/files.h"
#include "core/text.h"
#include "core/version.h"
#include "model/files/adapter_facts.h"
#include "model/files/model_id.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kTraining = "\n## Training data\n\n", kUse = "\n## Use\n";

std::string card_path(const std::string& folder) { return (fs::path(folder) / "README.md").string(); }

std::string front_matter(const std::string& base) {
  return fmt::format("---\n{}library_name: peft\npipeline_tag: text-generation\ntags: [lora, manyshot]\n---\n",
                     is_model_id(base) ? fmt::format("base_model: {}\n", base) : "");
}

std::string usage(const std::string& base) {
  return fmt::format(
      "\nWith manyshot, where BASE is the folder, .gguf file or installed name of {0} and ADAPTER this folder:\n\n"
      "    manyshot predict --model BASE --adapter ADAPTER --train train.csv --test test.csv --target y\n"
      "    manyshot merge --model BASE --adapter ADAPTER --out merged\n\n"
      "With PEFT:\n\n"
      "```python\n"
      "from peft import PeftModel\n"
      "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
      "model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(\"{0}\"), \"ADAPTER\")\n"
      "tokenizer = AutoTokenizer.from_pretrained(\"{0}\")\n"
      "```\n",
      base);
}

}  // namespace

void write_adapter_card(const std::string& folder, const std::string& training) {
  const AdapterFacts facts = read_adapter_facts(folder);
  const std::string base = facts.base_name.empty() ? "the base model" : facts.base_name;
  std::string text = front_matter(base);
  text +=
      fmt::format("\n# LoRA adapter for {}\n\n{}. Written by manyshot {}.\n", base, sentence(facts), program_version());
  if (facts.prompt) {
    text += fmt::format("\nIts prompts have the format {} and the chat layout {} (manyshot_prompt.json).\n",
                        name_of(facts.prompt->format), name_of(facts.prompt->chat));
  }
  if (!training.empty()) text += fmt::format("{}{}", kTraining, training);
  text += fmt::format("{}{}", kUse, usage(base));
  write_file(card_path(folder), text);
}

std::string read_card_training(const std::string& folder) {
  std::error_code error;
  if (!fs::exists(card_path(folder), error)) return "";
  const std::string text = read_file(card_path(folder));
  const size_t begin = text.find(kTraining), end = text.find(kUse);
  if (begin == std::string::npos || end == std::string::npos || end < begin) return "";
  return text.substr(begin + kTraining.size(), end - begin - kTraining.size());
}

}  // namespace manyshot
