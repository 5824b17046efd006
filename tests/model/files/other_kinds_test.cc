// Files in the place of a model, an adapter or a tokenizer.
#include "model/files/other_kinds.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "model/files/gguf.h"
#include "support/error.h"
#include "support/models/gguf_writer.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

TEST(OtherKinds, InAModelsPlace) {
  const TemporaryFolder folder;
  const auto in = [&](const std::string& name, const char* file, std::string_view bytes = "") {
    folder.write(name + "/" + file, bytes);
    return folder / name;
  };
  refuse_other_models(folder.path());
  refuse_other_models(folder / "nowhere");
  refuse_other_models(in("good", "config.json"));
  EXPECT_ERROR(
      refuse_other_models(in("adapter", "adapter_config.json", R"({"base_model_name_or_path": "owner/base"})")),
      ErrorKind::kBadInput, "give the model it was trained on (owner/base) with --model");
  EXPECT_ERROR(refuse_other_models(folder / "adapter/adapter_config.json"), ErrorKind::kBadInput, "is a LoRA adapter");
  EXPECT_ERROR(refuse_other_models(in("bin", "pytorch_model.bin.index.json")), ErrorKind::kUnsupported,
               "pytorch_model.bin.index.json, a PyTorch pickle");
  EXPECT_ERROR(refuse_other_models(in("meta", "consolidated.00.pth")), ErrorKind::kUnsupported, "a PyTorch pickle");
  EXPECT_ERROR(refuse_other_models(in("around", "small-q8_0.gguf")), ErrorKind::kBadInput,
               "give it by its name: " + folder / "around/small-q8_0.gguf");
  EXPECT_ERROR(refuse_other_models(in("bare", "model.safetensors")), ErrorKind::kNotFound,
               "no config.json beside them");
  EXPECT_ERROR(refuse_other_models(folder / "bare/model.safetensors"), ErrorKind::kBadInput,
               "give its folder (" + folder / "bare)");
  EXPECT_ERROR(refuse_other_models(folder.write("weights", "GGUF...")), ErrorKind::kBadInput, "call it NAME.gguf");
  EXPECT_ERROR(refuse_other_models(in("words", "tokenizer.model")), ErrorKind::kUnsupported, "SentencePiece");
  EXPECT_ERROR(refuse_other_models(in("llama", "tokenizer.model") + "/tokenizer.model"), ErrorKind::kUnsupported,
               "SentencePiece");
}

TEST(OtherKinds, InAnAdaptersPlace) {
  const TemporaryFolder folder;
  refuse_other_adapters(folder.path());
  refuse_other_adapters(folder / "nowhere");
  folder.write("adapter_model.bin", "PK");
  EXPECT_ERROR(refuse_other_adapters(folder.path()), ErrorKind::kUnsupported, "adapter_model.bin, a PyTorch pickle");
  EXPECT_ERROR(refuse_other_adapters(folder / "adapter_model.bin"), ErrorKind::kUnsupported, "a PyTorch pickle");
  folder.write("adapter_model.safetensors", "");
  refuse_other_adapters(folder.path());
  EXPECT_ERROR(refuse_other_adapters(folder / "adapter_model.safetensors"), ErrorKind::kBadInput,
               "give " + folder.path());
  folder.write("gguf/lora.gguf", "GGUF");
  EXPECT_ERROR(refuse_other_adapters(folder / "gguf"), ErrorKind::kUnsupported, "lora.gguf: is a GGUF file");
  folder.write("model/config.json", "{}");
  EXPECT_ERROR(refuse_other_adapters(folder / "model"), ErrorKind::kBadInput, "is a model, not an adapter");
}

TEST(OtherKinds, InATokenizersPlace) {
  const TemporaryFolder folder;
  refuse_other_tokenizers(folder.path());
  folder.write("vocab.json", "{}");
  folder.write("merges.txt", "");
  EXPECT_ERROR(refuse_other_tokenizers(folder.path()), ErrorKind::kBadInput, "but no tokenizer.json");
  folder.write("tokenizer.model", "");
  EXPECT_ERROR(refuse_other_tokenizers(folder.path()), ErrorKind::kUnsupported,
               "tokenizer.model, a SentencePiece model");
  EXPECT_ERROR(refuse_other_tokenizers(folder / "tokenizer.model"), ErrorKind::kUnsupported, "a SentencePiece model");
  folder.write("tokenizer.json", "{}");
  refuse_other_tokenizers(folder.path());
}

TEST(OtherKinds, GgufAdapters) {
  GgufWriter writer;
  writer.add_text("general.architecture", "llama");
  writer.add_text("general.type", "adapter");
  const std::string bytes = writer.bytes();
  EXPECT_ERROR(GgufFile(std::as_bytes(std::span(bytes)), "lora.gguf"), ErrorKind::kUnsupported,
               "lora.gguf: is a LoRA adapter in a GGUF file");
}

}  // namespace
}  // namespace manyshot
