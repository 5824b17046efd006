#include <fmt/ranges.h>

#include <cstdio>
#include <map>

#include "cli/command.h"
#include "core/error.h"
#include "core/text.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/dtype.h"
#include "model/language/tensor_source.h"
#include "model/language/text_model.h"
#include "model/model.h"
#include "predict/model_store.h"
#include "table/describe.h"
#include "table/schema.h"

namespace manyshot {
namespace {

struct InfoOptions {
  std::string table;
  std::string model;
  std::string encoding = "auto";
  std::string delimiter = "auto";
  bool no_header = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("table", self.table, any_value(), "Table to describe (CSV or Parquet).");
    v("model", self.model, any_value(), "Model to describe: a name, a folder, or a .gguf file.");
    v("encoding", self.encoding, any_value(), "Character encoding of the table; auto: UTF-8, or UTF-16 by its mark.");
    v("delimiter", self.delimiter, any_value(),
      "Delimiter of a CSV table: one character, tab, or space; auto finds it.");
    v("no_header", self.no_header, any_value(),
      "The CSV table has no header line: columns are called column_1, column_2, and so on.");
  }
};

Json model_json(const ModelInfo& info) {
  return {{"path", info.path},
          {"architecture", info.architecture},
          {"engine", info.engine},
          {"parameters", info.num_parameters},
          {"layers", info.num_layers},
          {"hidden_size", info.hidden_size},
          {"vocabulary", info.vocab_size},
          {"max_classes", info.max_classes},
          {"max_features", info.max_features},
          {"trained_features", info.trained_features},
          {"trained_shots", info.trained_shots},
          {"max_shots", info.max_shots}};
}

std::string model_text(const ModelInfo& info) {
  return fmt::format(
      "{}\n  architecture  {}, {} layers, width {}, {} parameters, {} tokens\n  engine        {}\n"
      "  tasks         up to {} classes, {} columns (trained with {}), {} labelled rows (trained with {})\n",
      info.path, info.architecture, info.num_layers, info.hidden_size, with_thousands(info.num_parameters),
      info.vocab_size, info.engine, info.max_classes, info.max_features, info.trained_features, info.max_shots,
      info.trained_shots);
}

// Numbers of a language model, from its headers; no weight is read.
struct LanguageModelFacts {
  std::string path;
  LanguageModelConfig config;
  int64_t parameters = 0;
  uint64_t stored_bytes = 0;
  std::map<std::string, uint64_t> values_by_type;  // "Q4_1" -> how many weights are stored so
  size_t tokenizer_tokens = 0, tokenizer_merges = 0;
  std::string bos, eos;
  DType dtype = DType::kFloat32;

  uint64_t dtype_bytes() const { return dtype == DType::kBFloat16 ? 2 : 4; }
  uint64_t weight_bytes() const { return static_cast<uint64_t>(parameters) * dtype_bytes(); }
  uint64_t cache_bytes_per_token() const {
    return 2 * static_cast<uint64_t>(config.num_hidden_layers) * static_cast<uint64_t>(config.num_key_value_heads) *
           static_cast<uint64_t>(config.head_dim) * dtype_bytes();
  }
};

LanguageModelFacts read_facts(const std::string& path) {
  const std::unique_ptr<TensorSource> source = open_tensor_source(path);
  LanguageModelFacts facts{
      .path = path, .config = source->config(), .stored_bytes = source->stored_bytes(), .dtype = choose_dtype("auto")};
  for (const auto& [name, shape] : language_model_tensors(facts.config)) {
    uint64_t values = 1;
    for (const uint64_t size : shape) values *= size;
    facts.parameters += static_cast<int64_t>(values);
    facts.values_by_type[source->type_name(name)] += values;
  }
  const TokenizerSpec spec = read_model_tokenizer(path);
  facts.tokenizer_merges = spec.merges.size();
  const std::optional<TokenId> bos = spec.bos, eos = spec.eos;
  const Tokenizer tokenizer(spec);
  facts.tokenizer_tokens = tokenizer.vocab_size();
  if (bos) facts.bos = std::string(tokenizer.token_text(*bos));
  if (eos) facts.eos = std::string(tokenizer.token_text(*eos));
  return facts;
}

std::string_view architecture_name(LanguageArchitecture architecture) {
  return architecture == LanguageArchitecture::kLlama ? "Llama" : "Qwen2";
}

std::string rope_name(const RopeScaling& scaling) {
  switch (scaling.type) {
    case RopeScaling::Type::kNone:
      return "";
    case RopeScaling::Type::kLinear:
      return fmt::format(", linear scaling by {}", scaling.factor);
    case RopeScaling::Type::kLlama3:
      return fmt::format(", llama3 scaling by {}", scaling.factor);
    case RopeScaling::Type::kYarn:
      return fmt::format(", YaRN scaling by {}", scaling.factor);
    case RopeScaling::Type::kFactors:
      return ", a scaling factor for each frequency";
  }
  return "";
}

Json facts_json(const LanguageModelFacts& facts) {
  const LanguageModelConfig& config = facts.config;
  return {{"path", facts.path},
          {"architecture", architecture_name(config.architecture)},
          {"parameters", facts.parameters},
          {"num_hidden_layers", config.num_hidden_layers},
          {"hidden_size", config.hidden_size},
          {"intermediate_size", config.intermediate_size},
          {"num_attention_heads", config.num_attention_heads},
          {"num_key_value_heads", config.num_key_value_heads},
          {"head_dim", config.head_dim},
          {"vocab_size", config.vocab_size},
          {"max_position_embeddings", config.max_position_embeddings},
          {"rope_theta", config.rope_theta},
          {"tie_word_embeddings", config.tie_word_embeddings},
          {"attention_bias", config.attention_bias},
          {"stored_bytes", facts.stored_bytes},
          {"values_by_type", facts.values_by_type},
          {"tokenizer",
           {{"tokens", facts.tokenizer_tokens},
            {"merges", facts.tokenizer_merges},
            {"bos", facts.bos},
            {"eos", facts.eos}}},
          {"dtype", facts.dtype == DType::kBFloat16 ? "bfloat16" : "float32"},
          {"weight_bytes", facts.weight_bytes()},
          {"cache_bytes_per_token", facts.cache_bytes_per_token()}};
}

std::string facts_text(const LanguageModelFacts& facts) {
  const LanguageModelConfig& config = facts.config;
  std::vector<std::string> types;
  for (const auto& [type, values] : facts.values_by_type) {
    types.push_back(
        fmt::format("{} {:.1f} %", type, 100.0 * static_cast<double>(values) / static_cast<double>(facts.parameters)));
  }
  const uint64_t cache = facts.cache_bytes_per_token(), window = static_cast<uint64_t>(config.max_position_embeddings);
  return fmt::format(
      "{}\n  architecture  {}, {} layers, width {} (MLP {}), {} heads of {} with {} for keys and values, {} "
      "parameters{}\n"
      "  context       {} tokens, RoPE theta {}{}\n  tokenizer     byte-level BPE, {} tokens, {} merges, begin {}, end "
      "{}\n"
      "  stored        {}: {}\n  memory        {} weights as {}, {} keys and values a token ({} for a full context)\n",
      facts.path, architecture_name(config.architecture), config.num_hidden_layers, config.hidden_size,
      config.intermediate_size, config.num_attention_heads, config.head_dim, config.num_key_value_heads,
      with_thousands(static_cast<uint64_t>(facts.parameters)), config.tie_word_embeddings ? ", tied embeddings" : "",
      with_thousands(window), config.rope_theta, rope_name(config.rope_scaling), with_thousands(facts.tokenizer_tokens),
      with_thousands(facts.tokenizer_merges), facts.bos.empty() ? "none" : facts.bos,
      facts.eos.empty() ? "none" : facts.eos, format_bytes(facts.stored_bytes), fmt::join(types, ", "),
      format_bytes(facts.weight_bytes()), facts.dtype == DType::kBFloat16 ? "bfloat16" : "float32", format_bytes(cache),
      format_bytes(cache * window));
}

class InfoCommand : public Command {
 public:
  std::string name() const override { return "info"; }
  std::string summary() const override { return "what was understood of a table, or what a model is"; }
  std::string details() const override {
    return "For a table: format, delimiter and encoding, and each column's type, missing cells, distinct values and "
           "range. For a model: architecture, size, limits, and the engine that would run it here; for a language "
           "model tokenizer, quantisation and the memory it needs.";
  }
  std::string examples() const override {
    return "    manyshot info --table data.csv\n"
           "    manyshot info --table data.csv --json\n"
           "    manyshot info --model default\n"
           "    manyshot info --model ./Qwen2.5-0.5B\n";
  }
  OptionList options() override { return options_of(options_); }

  void run(const CommonOptions& common) override {
    if (options_.table.empty() == options_.model.empty()) {
      fail(ErrorKind::kBadInput, "give manyshot info either --table FILE or --model NAME");
    }
    if (!options_.table.empty()) {
      const TableFile file = TableFile::open(
          options_.table,
          {.encoding = options_.encoding, .delimiter = options_.delimiter, .has_header = !options_.no_header});
      const Schema schema = infer_schema(file);
      fmt::print("{}", common.json ? table_to_json(file, schema).dump() + "\n" : describe_table(file, schema));
      return;
    }
    const std::string path = resolve_model(options_.model);
    if (const std::string text_path = language_model_path(path); !text_path.empty()) {
      const LanguageModelFacts facts = read_facts(text_path);
      fmt::print("{}", common.json ? facts_json(facts).dump() + "\n" : facts_text(facts));
      return;
    }
    const auto model = load_model(path);
    fmt::print("{}", common.json ? model_json(model->info()).dump() + "\n" : model_text(model->info()));
  }

 private:
  InfoOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_info_command() { return std::make_unique<InfoCommand>(); }

}  // namespace manyshot
