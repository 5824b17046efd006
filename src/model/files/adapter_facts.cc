#include "model/files/adapter_facts.h"

#include <fmt/ranges.h>

#include <vector>

#include "core/text.h"
#include "model/files/adapter_folder.h"

namespace manyshot {
namespace {

// "8", or "4 to 16".
template <class T>
std::string span_text(const std::set<T>& values) {
  return values.size() == 1 ? fmt::format("{:.4g}", static_cast<double>(*values.begin()))
                            : fmt::format("{:.4g} to {:.4g}", static_cast<double>(*values.begin()),
                                          static_cast<double>(*values.rbegin()));
}

std::string modules_text(const AdapterFacts& facts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : facts.modules) parts.push_back(fmt::format("{} x {}", count, name));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

AdapterFacts read_adapter_facts(const std::string& folder) {
  const AdapterFolder adapter = read_adapter_shapes(folder);
  AdapterFacts facts{.path = folder,
                     .base_name = adapter.base_name,
                     .use_rslora = adapter.use_rslora,
                     .start = adapter.start,
                     .note = note_of_unused(adapter),
                     .prompt = read_trained_prompt(folder)};
  for (const auto& [module, pair] : adapter.pairs) {
    ++facts.modules[module.substr(module.rfind('.') + 1)];
    facts.ranks.insert(pair.rank);
    facts.scales.insert(pair.scale);
    facts.parameters += pair.rank * (pair.inputs + pair.outputs);
  }
  return facts;
}

Json to_json(const AdapterFacts& facts) {
  Json json = {{"path", facts.path},
               {"kind", "lora adapter"},
               {"base_model_name_or_path", facts.base_name},
               {"parameters", facts.parameters},
               {"ranks", facts.ranks},
               {"scales", facts.scales},
               {"use_rslora", facts.use_rslora},
               {"modules", facts.modules},
               {"olora", facts.start == AdapterStart::kOlora}};
  if (facts.prompt) json["prompt"] = to_json(*facts.prompt);
  return json;
}

std::string sentence(const AdapterFacts& facts) {
  return fmt::format("Rank {}, scale {}{}, {} parameters in {}", span_text(facts.ranks), span_text(facts.scales),
                     facts.use_rslora ? " (use_rslora)" : "", with_thousands(static_cast<long long>(facts.parameters)),
                     modules_text(facts));
}

std::string describe(const AdapterFacts& facts) {
  std::string text = fmt::format(
      "{}\n  kind          LoRA adapter, not a model: give it with --adapter beside --model "
      "BASE\n  base          {}\n  factors       {}\n",
      facts.path, facts.base_name.empty() ? "not named" : facts.base_name, sentence(facts));
  if (facts.start == AdapterStart::kOlora) {
    text += "  start         OLoRA: what it took out of the base is taken out again when the adapter is applied\n";
  }
  if (facts.prompt) text += fmt::format("  prompts       {}\n", describe(*facts.prompt));
  if (!facts.note.empty()) text += fmt::format("note: {}\n", facts.note);
  return text;
}

}  // namespace manyshot
