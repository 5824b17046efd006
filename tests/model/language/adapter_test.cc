// PEFT adapters merged into a base model's weights.
#include "model/language/adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "core/json.h"
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

TEST_F(Adapter, RefusesWhatItCannotApply) {
  set_config("use_dora", true);
  EXPECT_ERROR(adapted(), ErrorKind::kUnsupported, "use_dora");
  set_config("use_dora", false);
  set_config("peft_type", "IA3");
  EXPECT_ERROR(adapted(), ErrorKind::kUnsupported, "IA3");
  set_config("peft_type", "LORA");
  set_config("lora_alpha", "much");
  EXPECT_ERROR(adapted(), ErrorKind::kCorruptFile, "lora_alpha");
  adapter_.write("adapter_config.json", "{");
  EXPECT_ERROR(adapted(), ErrorKind::kCorruptFile, "adapter_config.json");
}

TEST_F(Adapter, NamesAnAdapterOfAnotherBase) {
  const auto write = [&](const std::string& module, uint64_t outputs) {
    adapter_.write(
        "adapter_model.safetensors",
        safetensors_of({{"base_model.model." + module + ".lora_A.weight", {1, 32}, std::vector<float>(32)},
                        {"base_model.model." + module + ".lora_B.weight", {outputs, 1}, std::vector<float>(outputs)}}));
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
