// manyshot memory list, manyshot memory export: for people, what agents remember.
#include <algorithm>
#include <filesystem>

#include "cli/command.h"
#include "core/error.h"
#include "core/log.h"
#include "core/text.h"
#include "memory/export.h"
#include "memory/memory_file.h"

namespace manyshot {
namespace {

// One that is there: to look at a memory makes none.
memory::MemoryFile open_memory(const std::string& path) {
  if (!std::filesystem::exists(path)) fail(ErrorKind::kNotFound, "{}: no such file", path);
  return memory::MemoryFile(path);
}

struct MemoryListOptions {
  std::string memory;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("memory", self.memory, any_value().required(), "File of manyshot mcp --memory; may stand without the flag.");
  }
};

class MemoryListCommand : public Command {
 public:
  std::string name() const override { return "memory list"; }
  std::string summary() const override { return "what agents remember: collections and how much each holds"; }
  std::string details() const override {
    return "Lists the collections of a memory of experiences, as agents fill it through manyshot mcp (docs/mcp.md).";
  }
  std::string examples() const override { return "    manyshot memory list agent.memory\n"; }
  OptionList options() override { return options_of(options_); }
  std::string positional() const override { return "memory"; }

  void run(const CommonOptions& common) override {
    memory::MemoryFile file = open_memory(options_.memory);
    const std::vector<memory::CollectionSummary> collections = file.collections();
    if (common.json) return print_json(collections);
    size_t width = std::string_view("collection").size();
    for (const auto& collection : collections) width = std::max(width, collection.name.size());
    fmt::print("{:{}}  experiences  outcome  first                 last\n", "collection", width);
    for (const auto& collection : collections) {
      fmt::print("{:{}}  {:>11}  {:7}  {}  {}\n", collection.name, width,
                 with_thousands(static_cast<long long>(collection.state.count)), name_of(collection.state.kind),
                 collection.first, collection.last);
    }
  }

 private:
  void print_json(const std::vector<memory::CollectionSummary>& collections) {
    Json list = Json::array();
    for (const auto& collection : collections) {
      list.push_back({{"collection", collection.name},
                      {"experiences", collection.state.count},
                      {"outcome", name_of(collection.state.kind)},
                      {"first", collection.first},
                      {"last", collection.last}});
    }
    print_summary(*this, {{"collections", std::move(list)}});
  }

  MemoryListOptions options_;
};

struct MemoryExportOptions {
  std::string memory, collection, out;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("memory", self.memory, any_value().required(), "File of manyshot mcp --memory; may stand without the flag.");
    v("collection", self.collection, any_value(), "Which collection; may be left out where there is one.");
    v("out", self.out, any_value(),
      "File of the table: CSV, or by its extension .tsv, .parquet or JSON lines (.jsonl, .ndjson, .json); without it "
      "standard output.");
  }
};

class MemoryExportCommand : public Command {
 public:
  std::string name() const override { return "memory export"; }
  std::string summary() const override { return "a collection of what agents remember, as a table"; }
  std::string details() const override {
    return "Writes a collection of a memory of experiences as a table with the columns id, remembered, each field and "
           "outcome: to look at, and to learn with manyshot predict how well outcomes can be predicted from it.";
  }
  std::string examples() const override {
    return "    manyshot memory export agent.memory --collection deploys --out deploys.csv\n"
           "    manyshot predict --train deploys.csv --target outcome --ignore id,remembered --folds 5 --out "
           "tried.csv\n";
  }
  OptionList options() override { return options_of(options_); }
  std::string positional() const override { return "memory"; }

  void run(const CommonOptions& common) override {
    memory::MemoryFile file = open_memory(options_.memory);
    const std::string collection = chosen(file);
    const std::vector<memory::Experience> experiences = file.all(collection);
    memory::write_experiences(experiences, options_.out);
    if (common.json) {
      print_summary(*this, {{"collection", collection}, {"experiences", experiences.size()}},
                    summary_stream(options_.out));
      return;
    }
    log::info("{} experiences of \"{}\"{}", with_thousands(static_cast<long long>(experiences.size())), collection,
              options_.out.empty() ? "" : ", written to " + options_.out);
  }

 private:
  std::string chosen(memory::MemoryFile& file) const {
    std::vector<std::string> names;
    for (const auto& collection : file.collections()) names.push_back(collection.name);
    if (names.empty()) fail(ErrorKind::kBadInput, "{}: nothing is remembered in it yet", options_.memory);
    if (options_.collection.empty() && names.size() == 1) return names.front();
    if (std::ranges::find(names, options_.collection) != names.end()) return options_.collection;
    if (options_.collection.empty())
      fail(ErrorKind::kBadInput, "{}: say which collection, by --collection; there are {}", options_.memory,
           list_names(names));
    fail(ErrorKind::kNotFound, "{}: no collection \"{}\"{}; there are {}", options_.memory,
         excerpt(options_.collection), did_you_mean(options_.collection, names), list_names(names));
  }

  MemoryExportOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_memory_list_command() { return std::make_unique<MemoryListCommand>(); }
std::unique_ptr<Command> make_memory_export_command() { return std::make_unique<MemoryExportCommand>(); }

}  // namespace manyshot
