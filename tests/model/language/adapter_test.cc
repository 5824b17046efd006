// PEFT adapters merged into a base model's weights.
#include "model/language/adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "core/json.h"
#include "model/files/adapter_folder.h"
#include "model/files/safetensors.h"
#include "support/error.h"
#include "support/models/random_model.h"
#include "support/models/tiny_text_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

constexpr const char* kDown = "model.layers.1.mlp.down_proj.weight";

class Adapter : public ::testing::Test {
 protected:
  Adapter() {
    write_tiny_text_model(base_.path());
    write_tiny_adapter(adapter_.path());
  }
  std::unique_ptr<TensorSource> adapted() const {
    return apply_adapter(open_tensor_source(base_.path()), adapter_.path());
  }
  static std::vector<float> read(const TensorSource& source, const char* name, uint64_t first = 0, uint64_t count = 0) {
    const auto shape = source.shape(name);
    if (count == 0) count = shape[0];
    std::vector<float> values(count * shape[1]);
    source.read_rows(name, first, count, values);
    return values;
  }
  void set_config(const char* key, const Json& value) {
    Json config = Json::parse(read_file(adapter_.path() + "/adapter_config.json"));
    config[key] = value;
    adapter_.write("adapter_config.json", config.dump());
  }
  // scale * B A at a cell, from the files.
  float change(uint64_t row, uint64_t column, float scale) const {
    const MappedFile mapped(adapter_.path() + "/adapter_model.safetensors");
    const Safetensors file(mapped.bytes(), "adapter");
    const auto a = file.read_f32(*file.find("base_model.model.model.layers.1.mlp.down_proj.lora_A.weight"));
    const auto b = file.read_f32(*file.find("base_model.model.model.layers.1.mlp.down_proj.lora_B.weight"));
    const uint64_t inputs = a.size() / 2;
    return scale * (b[row * 2] * a[column] + b[row * 2 + 1] * a[inputs + column]);
  }
  TemporaryFolder base_, adapter_;
};

TEST_F(Adapter, AddsScaledProductAndLeavesOtherTensors) {
  const auto base = open_tensor_source(base_.path()), merged = adapted();
  const auto before = read(*base, kDown), after = read(*merged, kDown);
  const uint64_t columns = base->shape(kDown)[1];
  for (const uint64_t row : {0, 7, 31}) {
    for (const uint64_t column : {0, 5, 47}) {
      EXPECT_NEAR(after[row * columns + column], before[row * columns + column] + change(row, column, 2), 1e-6);
    }
  }
  EXPECT_EQ(read(*merged, kDown, 7, 2), std::vector<float>(after.begin() + static_cast<ptrdiff_t>(7 * columns),
                                                           after.begin() + static_cast<ptrdiff_t>(9 * columns)))
      << "any rows at once";
  EXPECT_EQ(read(*merged, "model.embed_tokens.weight"), read(*base, "model.embed_tokens.weight"));
}

TEST_F(Adapter, ScalesByRootOfRankWithRslora) {
  set_config("use_rslora", true);
  const auto base = open_tensor_source(base_.path()), merged = adapted();
  EXPECT_NEAR(read(*merged, kDown)[0], read(*base, kDown)[0] + change(0, 0, 4 / std::sqrt(2.0f)), 1e-6);
}

TEST_F(Adapter, AlphaPatternChangesOneModule) {
  set_config("alpha_pattern", {{"mlp.down_proj", 8}});
  const auto base = open_tensor_source(base_.path()), merged = adapted();
  EXPECT_NEAR(read(*merged, kDown)[0], read(*base, kDown)[0] + change(0, 0, 4), 1e-6);
}

// The scale of model.layers.1.mlp.down_proj, from what it adds to a cell.
TEST_F(Adapter, FollowsPatternsInTheOrderOfTheFile) {
  const float before = read(*open_tensor_source(base_.path()), kDown)[0], product = change(0, 0, 1);
  const auto scale = [&](const std::string& pattern, int rank = 2) {
    Json config = Json::parse(read_file(adapter_.path() + "/adapter_config.json"));
    config["alpha_pattern"] = Json::parse(pattern);
    config["r"] = rank;
    config["rank_pattern"] = Json::parse(R"({"layers\\.\\d+\\.mlp\\.down_proj": 2, "proj": 9, ".*q_proj": 2})");
    adapter_.write("adapter_config.json", config.dump());
    return std::round((read(*adapted(), kDown)[0] - before) / product * 100) / 100;
  };
  EXPECT_EQ(scale("{}"), 2);
  EXPECT_EQ(scale(R"({"down_proj": 8, "layers.1.mlp.down_proj": 16})"), 4) << "the first that fits";
  EXPECT_EQ(scale(R"({"layers.1.mlp.down_proj": 16, "down_proj": 8})"), 8);
  EXPECT_EQ(scale(R"({"own_proj": 16, "layers.0.mlp.down_proj": 8})"), 2) << "whole names behind a dot";
  EXPECT_EQ(scale(R"({"^model\\.layers\\.[13]\\..*": 6, "down_proj": 8})"), 3);
  EXPECT_EQ(scale(R"({"(up|down)_proj": 10})"), 5);
  EXPECT_EQ(scale(R"({"model.layers.1.mlp.down_proj": 12})", /*rank=*/7), 6) << "rank_pattern covers every module";
  EXPECT_ERROR(scale(R"({"(down": 1})"), ErrorKind::kUnsupported, "cannot use \"(down\" as a regular expression");
  EXPECT_ERROR(scale(R"({"down_proj": "8"})"), ErrorKind::kCorruptFile, "alpha_pattern");
}

TEST_F(Adapter, RanksThatTheWeightsContradictAreNamed) {
  set_config("r", 8);
  EXPECT_ERROR(adapted(), ErrorKind::kCorruptFile, "says rank 8 for \"model.layers.0.mlp.down_proj\"");
  set_config("r", 2);
  set_config("rank_pattern", {{"layers.1.self_attn.q_proj", 4}});
  EXPECT_ERROR(adapted(), ErrorKind::kCorruptFile, "says rank 4 for \"model.layers.1.self_attn.q_proj\"");
  set_config("rank_pattern", nullptr);
  set_config("r", 2.5);
  EXPECT_ERROR(adapted(), ErrorKind::kCorruptFile, "\"r\" is 2.5");
}

// Factors of modules that the configuration does not choose are left out, as PEFT leaves them out.
TEST_F(Adapter, LeavesOutWhatItDoesNotTarget) {
  const std::string all = "layers.0.mlp layers.0.self_attn layers.1.mlp layers.1.self_attn";
  const auto chosen = [&] {
    std::string names;
    const AdapterFolder adapter = read_adapter_folder(adapter_.path());
    for (const auto& [module, pair] : adapter.pairs) {
      const std::string name = module.substr(6, module.rfind('.') - 6);
      names += (names.empty() ? "" : " ") + name;
    }
    EXPECT_EQ(note_of_unused(adapter).empty(), names == all);
    return names;
  };
  const Json config = Json::parse(read_file(adapter_.path() + "/adapter_config.json"));
  const auto with = [&](const Json& changes) {
    Json changed = config;
    changed.update(changes);
    adapter_.write("adapter_config.json", changed.dump());
    return chosen();
  };
  EXPECT_EQ(with(Json::object()), all);
  EXPECT_EQ(with({{"target_modules", {"q_proj"}}}), "layers.0.self_attn layers.1.self_attn");
  EXPECT_EQ(with({{"target_modules", {"proj", "model.layers.1.mlp.down_proj"}}}), "layers.1.mlp");
  EXPECT_EQ(with({{"target_modules", nullptr}}), "layers.0.self_attn layers.1.self_attn") << "q_proj and v_proj";
  EXPECT_EQ(with({{"target_modules", "all-linear"}}), all);
  EXPECT_EQ(with({{"target_modules", R"(.*\.1\..*)"}}), "layers.1.mlp layers.1.self_attn");
  EXPECT_EQ(with({{"exclude_modules", {"down_proj"}}}), "layers.0.self_attn layers.1.self_attn");
  EXPECT_EQ(with({{"exclude_modules", R"(.*0\.self.*)"}}), "layers.0.mlp layers.1.mlp layers.1.self_attn");
  EXPECT_EQ(with({{"layers_to_transform", 1}}), "layers.1.mlp layers.1.self_attn");
  EXPECT_EQ(with({{"layers_to_transform", {0}}, {"layers_pattern", "layers"}}), "layers.0.mlp layers.0.self_attn");
  EXPECT_EQ(with({{"layers_to_transform", Json::array()}}), all);
  EXPECT_EQ(with({{"layers_to_transform", {1}}, {"target_modules", R"(.*q_proj)"}}),
            "layers.0.self_attn layers.1.self_attn")
      << "layers count for lists alone";
  EXPECT_ERROR(with({{"layers_to_transform", {0}}, {"layers_pattern", "h"}}), ErrorKind::kCorruptFile,
               "choose none of the 4 modules");
  EXPECT_ERROR(with({{"target_modules", {3}}}), ErrorKind::kCorruptFile, "a text or a list of texts");
  EXPECT_ERROR(with({{"layers_to_transform", {-1}}}), ErrorKind::kCorruptFile, "a layer's number");

  adapter_.write("adapter_config.json", [&] {
    Json changed = config;
    changed["target_modules"] = {"q_proj"};
    return changed.dump();
  }());
  EXPECT_EQ(read(*adapted(), kDown), read(*open_tensor_source(base_.path()), kDown));
}

TEST_F(Adapter, StartsThatChangeTheBaseAreRefused) {
  for (const Json& start : {Json("pissa"), Json("pissa_niter_16"), Json("PiSSA"), Json("corda"), Json("lora_ga")}) {
    set_config("init_lora_weights", start);
    EXPECT_ERROR(adapted(), ErrorKind::kUnsupported,
                 testing::AllOf(testing::HasSubstr("init_lora_weights " + start.dump()),
                                testing::HasSubstr("path_initial_model_for_weight_conversion")));
  }
  set_config("init_lora_weights", "loftq");
  EXPECT_ERROR(adapted(), ErrorKind::kUnsupported, "quantised weights that LoftQ made");
  set_config("init_lora_weights", "tomorrows");
  EXPECT_ERROR(adapted(), ErrorKind::kUnsupported, "\"tomorrows\" is not known here");
  const std::vector<float> plain = [&] {
    set_config("init_lora_weights", nullptr);
    return read(*adapted(), kDown);
  }();
  for (const Json& start : {Json(true), Json(false), Json("gaussian"), Json("orthogonal"), Json("eva"), Json("mica")}) {
    set_config("init_lora_weights", start);
    EXPECT_EQ(read(*adapted(), kDown), plain) << start;
  }
}

// W - scale P W + scale B A, where P projects on the first two columns c and d of W: P = C (C^T C)^-1 C^T.
TEST_F(Adapter, TakesOutWhatOloraTookOut) {
  set_config("init_lora_weights", "olora");
  const auto base = open_tensor_source(base_.path());
  const std::vector<float> before = read(*base, kDown), after = read(*adapted(), kDown);
  const uint64_t rows = base->shape(kDown)[0], columns = base->shape(kDown)[1];
  const auto product = [&](uint64_t a, uint64_t b) {
    double sum = 0;
    for (uint64_t row = 0; row < rows; ++row) sum += double{before[row * columns + a]} * before[row * columns + b];
    return sum;
  };
  const double cc = product(0, 0), cd = product(0, 1), dd = product(1, 1), determinant = cc * dd - cd * cd;
  for (const uint64_t row : {0, 7, 31}) {
    for (const uint64_t column : {0, 1, 5, 47}) {
      const double c = product(0, column), d = product(1, column);
      const double projected =
          (before[row * columns] * (dd * c - cd * d) + before[row * columns + 1] * (cc * d - cd * c)) / determinant;
      EXPECT_NEAR(after[row * columns + column],
                  before[row * columns + column] - 2 * projected + change(row, column, 2), 1e-5);
    }
  }
}

TEST_F(Adapter, RefusesWhatItCannotApply) {
  set_config("use_dora", true);
  EXPECT_ERROR(adapted(), ErrorKind::kUnsupported, "use_dora");
  set_config("use_dora", false);
  set_config("peft_type", "IA3");
  EXPECT_ERROR(adapted(), ErrorKind::kUnsupported, "IA3");
  set_config("peft_type", "LORA");
  for (const char* key : {"alora_invocation_tokens", "layer_replication", "modules_to_save"}) {
    set_config(key, Json::array({1}));
    EXPECT_ERROR(adapted(), ErrorKind::kUnsupported, key);
    set_config(key, Json::array());
  }
  set_config("bias", "all");
  EXPECT_ERROR(adapted(), ErrorKind::kUnsupported, "bias \"all\"");
  set_config("bias", "none");
  set_config("lora_alpha", "much");
  EXPECT_ERROR(adapted(), ErrorKind::kCorruptFile, "lora_alpha");
  adapter_.write("adapter_config.json", "{");
  EXPECT_ERROR(adapted(), ErrorKind::kCorruptFile, "adapter_config.json");
}

TEST_F(Adapter, NamesAnAdapterOfAnotherBase) {
  const auto write = [&](const std::string& module, uint64_t outputs) {
    adapter_.write(
        "adapter_model.safetensors",
        safetensors_of(
            {{"base_model.model." + module + ".lora_A.weight", {2, 32}, std::vector<float>(64)},
             {"base_model.model." + module + ".lora_B.weight", {outputs, 2}, std::vector<float>(2 * outputs)}}));
  };
  write("model.layers.9.self_attn.q_proj", 64);
  EXPECT_ERROR(adapted(), ErrorKind::kBadInput, "another base");
  write("model.layers.0.self_attn.q_proj", 128);
  EXPECT_ERROR(adapted(), ErrorKind::kBadInput, "[128, 32]");
}

TEST_F(Adapter, NamesDamage) {
  adapter_.write(
      "adapter_model.safetensors",
      safetensors_of(
          {{"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", {1, 32}, std::vector<float>(32)}}));
  EXPECT_ERROR(adapted(), ErrorKind::kCorruptFile, "only one of lora_A and lora_B");
  adapter_.write(
      "adapter_model.safetensors",
      safetensors_of({{"base_model.model.lm_head.modules_to_save.weight", {1, 32}, std::vector<float>(32)}}));
  EXPECT_ERROR(adapted(), ErrorKind::kUnsupported, "modules_to_save");
  adapter_.write("adapter_model.safetensors", "short");
  EXPECT_ERROR(adapted(), ErrorKind::kCorruptFile, "adapter_model.safetensors");
  const TemporaryFolder empty;
  EXPECT_ERROR(apply_adapter(open_tensor_source(base_.path()), empty.path()), ErrorKind::kNotFound,
               "adapter_config.json");
}

}  // namespace
}  // namespace manyshot
