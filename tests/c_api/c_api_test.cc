// libmanyshot as programs use it: answers are the bits of the program's, errors are codes with messages, and no symbol
// or library comes along that the header does not name.
#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/io/file.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <manyshot.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// Numbers, a category with gaps, a date and a flag; the class and the number depend on the first two.
std::shared_ptr<arrow::Table> flowers(int num_rows, int seed) {
  arrow::DoubleBuilder size, weight;
  arrow::StringBuilder tone, kind;
  arrow::Date32Builder day;
  arrow::BooleanBuilder flag;
  uint32_t state = static_cast<uint32_t>(seed);
  const auto next = [&] { return (state = state * 1664525 + 1013904223) >> 8; };
  for (int row = 0; row < num_rows; ++row) {
    const double x = next() % 1000 / 7.0;
    const uint32_t t = next() % 4;
    EXPECT_TRUE(size.Append(x).ok());
    EXPECT_TRUE((t == 3 ? tone.AppendNull() : tone.Append(t == 0 ? "red" : t == 1 ? "blue" : "green")).ok());
    EXPECT_TRUE(day.Append(static_cast<int32_t>(19000 + next() % 300)).ok());
    EXPECT_TRUE(flag.Append(next() % 2 == 0).ok());
    EXPECT_TRUE(kind.Append(x + 40.0 * t > 120 ? "late" : x > 50 ? "mid" : "early").ok());
    EXPECT_TRUE(weight.Append(3 * x + t).ok());
  }
  const auto field = [](const char* name, const std::shared_ptr<arrow::DataType>& type) {
    return arrow::field(name, type);
  };
  return arrow::Table::Make(
      arrow::schema({field("size", arrow::float64()), field("tone", arrow::utf8()), field("day", arrow::date32()),
                     field("flag", arrow::boolean()), field("kind", arrow::utf8()), field("weight", arrow::float64())}),
      {*size.Finish(), *tone.Finish(), *day.Finish(), *flag.Finish(), *kind.Finish(), *weight.Finish()});
}

ArrowArrayStream stream_of(const arrow::Table& table) {
  ArrowArrayStream stream;
  EXPECT_TRUE(arrow::ExportRecordBatchReader(std::make_shared<arrow::TableBatchReader>(table), &stream).ok());
  return stream;
}

using Task = std::unique_ptr<manyshot_task, decltype(&manyshot_task_free)>;
using Prediction = std::unique_ptr<manyshot_prediction, decltype(&manyshot_prediction_free)>;

Task fit(const arrow::Table& table, const char* target, const char* options) {
  ArrowArrayStream stream = stream_of(table);
  manyshot_task* task = nullptr;
  EXPECT_EQ(manyshot_fit(&stream, target, options, &task), MANYSHOT_OK) << manyshot_last_error();
  EXPECT_EQ(stream.release, nullptr) << "the stream is released";
  return Task(task, manyshot_task_free);
}

Prediction predict(const manyshot_task* task, const arrow::Table& table) {
  ArrowArrayStream stream = stream_of(table);
  manyshot_prediction* prediction = nullptr;
  EXPECT_EQ(manyshot_predict(task, &stream, &prediction), MANYSHOT_OK) << manyshot_last_error();
  return Prediction(prediction, manyshot_prediction_free);
}

std::string write_parquet(const arrow::Table& table, const std::string& path) {
  const auto out = *arrow::io::FileOutputStream::Open(path);
  EXPECT_TRUE(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), out).ok());
  return path;
}

// A column of numbers of a Parquet file.
std::vector<double> numbers_in(const std::string& path, const std::string& column) {
  auto reader = *parquet::arrow::OpenFile(*arrow::io::ReadableFile::Open(path), arrow::default_memory_pool());
  std::shared_ptr<arrow::Table> table;
  EXPECT_TRUE(reader->ReadTable(&table).ok());
  std::vector<double> numbers;
  const auto chunks = table->GetColumnByName(column);
  EXPECT_NE(chunks, nullptr) << column;
  for (const auto& chunk : chunks->chunks()) {
    const auto& values = static_cast<const arrow::DoubleArray&>(*chunk);
    for (int64_t i = 0; i < values.length(); ++i) numbers.push_back(values.Value(i));
  }
  return numbers;
}

TEST(CApi, ProbabilitiesAreTheBitsOfTheProgram) {
  const TemporaryFolder folder;
  const auto train = flowers(70, 1), test = flowers(30, 2);
  const std::string out = folder / "out.parquet";
  const ProgramResult program =
      run_manyshot({"predict", "--train", write_parquet(*train, folder / "train.parquet"), "--test",
                    write_parquet(*test, folder / "test.parquet"), "--target", "kind", "--ignore", "weight", "--model",
                    "auto", "--ensemble", "2", "--seed", "5", "--out", out});
  ASSERT_EQ(program.exit_code, 0) << program.err;
  const Task task = fit(*train, "kind", R"({"model": "auto", "ensemble": 2, "seed": 5, "ignore": ["weight"]})");
  const Prediction prediction = predict(task.get(), *test);
  ASSERT_EQ(manyshot_prediction_num_rows(prediction.get()), 30);
  ASSERT_EQ(manyshot_task_num_classes(task.get()), 3);
  const double* probabilities = manyshot_prediction_probabilities(prediction.get());
  for (int64_t k = 0; k < 3; ++k) {
    const std::vector<double> expected = numbers_in(out, fmt::format("p_{}", manyshot_task_class(task.get(), k)));
    for (int64_t row = 0; row < 30; ++row) EXPECT_EQ(probabilities[row * 3 + k], expected[row]);
  }
  for (int64_t row = 0; row < 30; ++row) {
    const double* of_row = probabilities + row * 3;
    EXPECT_EQ(manyshot_prediction_labels(prediction.get())[row], std::max_element(of_row, of_row + 3) - of_row);
  }
  EXPECT_EQ(manyshot_prediction_means(prediction.get()), nullptr);
}

TEST(CApi, NumbersAreTheBitsOfTheProgram) {
  const TemporaryFolder folder;
  const auto train = flowers(70, 1), test = flowers(30, 2);
  const std::string out = folder / "out.parquet";
  const ProgramResult program = run_manyshot({"predict", "--train", write_parquet(*train, folder / "train.parquet"),
                                              "--test", write_parquet(*test, folder / "test.parquet"), "--target",
                                              "weight", "--model", "ridge", "--out", out});
  ASSERT_EQ(program.exit_code, 0) << program.err;
  const Task task = fit(*train, "weight", R"({"model": "ridge"})");
  EXPECT_EQ(manyshot_task_num_classes(task.get()), 0);
  const Prediction prediction = predict(task.get(), *test);
  const std::vector<double> means = numbers_in(out, "prediction"), medians = numbers_in(out, "p50");
  std::vector<double> quantiles(30);
  ASSERT_EQ(manyshot_prediction_quantiles(prediction.get(), 0.5, quantiles.data()), MANYSHOT_OK);
  for (size_t row = 0; row < 30; ++row) {
    EXPECT_EQ(manyshot_prediction_means(prediction.get())[row], means[row]);
    EXPECT_EQ(quantiles[row], medians[row]);
  }
  EXPECT_EQ(manyshot_prediction_probabilities(prediction.get()), nullptr);
  EXPECT_EQ(manyshot_prediction_labels(prediction.get()), nullptr);
  EXPECT_EQ(manyshot_prediction_quantiles(prediction.get(), 1.5, quantiles.data()), MANYSHOT_BAD_INPUT);
  EXPECT_THAT(manyshot_last_error(), HasSubstr("level: 1.5 is not from 0 to 1"));
}

TEST(CApi, FitsGoToFilesAndBackAndToTheProgram) {
  const TemporaryFolder folder;
  const std::string file = folder / "m.msfit";
  const auto test = flowers(10, 2);
  const Task task = fit(*flowers(50, 1), "kind", R"({"model": "default", "ensemble": 2})");
  ASSERT_EQ(manyshot_save(task.get(), file.c_str()), MANYSHOT_OK) << manyshot_last_error();
  manyshot_task* loaded = nullptr;
  ASSERT_EQ(manyshot_load(file.c_str(), &loaded), MANYSHOT_OK) << manyshot_last_error();
  const Task owner(loaded, manyshot_task_free);
  const Prediction before = predict(task.get(), *test), after = predict(loaded, *test);
  EXPECT_EQ(0, std::memcmp(manyshot_prediction_probabilities(before.get()),
                           manyshot_prediction_probabilities(after.get()), 30 * sizeof(double)));
  const ProgramResult program =
      run_manyshot({"predict", "--fit", file, "--test", write_parquet(*test, folder / "test.parquet"), "--out",
                    folder / "out.parquet", "--beside", "none"});
  ASSERT_EQ(program.exit_code, 0) << program.err;
  EXPECT_EQ(numbers_in(folder / "out.parquet", "p_early")[3], manyshot_prediction_probabilities(before.get())[9]);
  const json info = json::parse(manyshot_task_info(loaded));
  EXPECT_EQ(info["target"], "kind");
  EXPECT_EQ(info["classes"], json({"early", "late", "mid"}));
  EXPECT_EQ(info["options"]["ensemble"], 2);
  EXPECT_EQ(info["model"]["name"], "default");
}

TEST(CApi, ErrorsAreCodesWithMessages) {
  const auto table = flowers(20, 1);
  const auto expect = [&](const char* target, const char* options, const char* kind, const std::string& message) {
    ArrowArrayStream stream = stream_of(*table);
    manyshot_task* task = nullptr;
    EXPECT_EQ(manyshot_fit(&stream, target, options, &task), MANYSHOT_BAD_INPUT);
    EXPECT_EQ(task, nullptr);
    EXPECT_EQ(stream.release, nullptr) << "released all the same";
    EXPECT_STREQ(manyshot_last_error_kind(), kind);
    EXPECT_THAT(manyshot_last_error(), HasSubstr(message));
  };
  expect("kinds", "", "not_found", "the labelled rows: no column \"kinds\"; did you mean \"kind\"?");
  expect("kind", "{\"modl\": \"knn\"}", "bad_input", "did you mean \"model\"?");
  expect("kind", "{\"ensemble\": 0}", "bad_input", "ensemble");
  expect("kind", "{\"out\": \"a.csv\"}", "bad_input", "out");
  expect("kind", "[1]", "bad_input", "no JSON object");
  expect("kind", "{\"model\": \"none-such\"}", "not_found", "no model \"none-such\"");
  expect(nullptr, "", "bad_input", "target is NULL");
  manyshot_task* task = nullptr;
  EXPECT_EQ(manyshot_fit(nullptr, "kind", "", &task), MANYSHOT_BAD_INPUT);
  EXPECT_EQ(manyshot_load("/none/m.msfit", &task), MANYSHOT_BAD_INPUT);
  EXPECT_THAT(manyshot_last_error(), HasSubstr("/none/m.msfit"));
  EXPECT_EQ(manyshot_save(nullptr, "m.msfit"), MANYSHOT_BAD_INPUT);
  EXPECT_EQ(manyshot_set_threads(-1), MANYSHOT_BAD_INPUT);
  std::thread([] { EXPECT_STREQ(manyshot_last_error(), "") << "errors are those of a thread"; }).join();
}

TEST(CApi, TablesOfThePriorAreThoseOfTheProgram) {
  const TemporaryFolder folder;
  const ProgramResult program =
      run_manyshot({"synth", "--tasks", "3", "--seed", "4", "--prior", "graph", "--rows", "80", "--number-share", "1",
                    "--layout", "parquet", "--out", folder / "tasks"});
  ASSERT_EQ(program.exit_code, 0) << program.err;
  manyshot_table* table = nullptr;
  const char* options = R"({"seed": 4, "prior": "graph", "rows": 80, "number_share": 1})";
  ASSERT_EQ(manyshot_synth(2, options, &table), MANYSHOT_OK) << manyshot_last_error();
  const std::unique_ptr<manyshot_table, void (*)(manyshot_table*)> owner(table, manyshot_table_free);
  EXPECT_EQ(manyshot_table_num_rows(table), 80);
  const int64_t num_columns = manyshot_table_num_columns(table), target = manyshot_table_target(table);
  EXPECT_EQ(target, num_columns - 1);
  EXPECT_STREQ(manyshot_table_name(table, target), "target");
  for (int64_t column = 0; column < num_columns; ++column) {
    const double* numbers = manyshot_table_doubles(table, column);
    EXPECT_NE(numbers == nullptr, manyshot_table_codes(table, column) == nullptr) << "one of the two";
    if (numbers == nullptr) {
      EXPECT_STREQ(manyshot_table_kind(table, column), "categorical");
      EXPECT_GE(manyshot_table_num_categories(table, column), 2);
      EXPECT_EQ(manyshot_table_category(table, column, manyshot_table_num_categories(table, column)), nullptr);
      continue;
    }
    const std::vector<double> written =
        numbers_in(folder / "tasks/task_000002.parquet", manyshot_table_name(table, column));
    ASSERT_EQ(written.size(), 80u);
    EXPECT_EQ(0, std::memcmp(written.data(), numbers, sizeof(double) * 80)) << column;
  }
  const json info = json::parse(manyshot_table_info(table));
  EXPECT_EQ(info["prior"], "graph");
  EXPECT_EQ(info["task"], 2);
  EXPECT_EQ(info["options"]["seed"], 4);
  EXPECT_EQ(manyshot_table_name(table, num_columns), nullptr);
  EXPECT_EQ(manyshot_table_doubles(table, -1), nullptr);

  manyshot_table* none = nullptr;
  EXPECT_EQ(manyshot_synth(0, R"({"layout": "csv"})", &none), MANYSHOT_BAD_INPUT) << "an option of files";
  EXPECT_EQ(manyshot_synth(-1, "", &none), MANYSHOT_BAD_INPUT);
  EXPECT_THAT(manyshot_last_error(), HasSubstr("index: -1 is below 0"));
  EXPECT_EQ(none, nullptr);
}

TEST(CApi, EvaluationsFindTheNumbersOfTheProgram) {
  const TemporaryFolder folder;
  const auto table = flowers(120, 1);
  const ProgramResult program =
      run_manyshot({"evaluate", "--tables", write_parquet(*table, folder / "flowers.parquet"), "--target", "kind",
                    "--models", "forest,default+ensemble=1", "--shots", "8,32", "--out", folder / "out", "--json"});
  ASSERT_EQ(program.exit_code, 0) << program.err;
  const json expected = json::parse(program.out)["averages"];

  ArrowArrayStream stream = stream_of(*table);
  ArrowArrayStream* const streams[] = {&stream};
  const char *const names[] = {"flowers"}, *const targets[] = {"kind"};
  manyshot_evaluation* evaluation = nullptr;
  ASSERT_EQ(manyshot_evaluate(1, names, streams, targets,
                              R"({"models": ["forest", "default+ensemble=1"], "shots": [8, 32]})", &evaluation),
            MANYSHOT_OK)
      << manyshot_last_error();
  EXPECT_EQ(stream.release, nullptr) << "the stream is released";
  const json found = json::parse(manyshot_evaluation_summary(evaluation))["averages"];
  manyshot_evaluation_free(evaluation);
  ASSERT_EQ(found.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(found[i]["model"], expected[i]["model"]);
    EXPECT_EQ(found[i]["shots"], expected[i]["shots"]);
    for (const char* metric : {"accuracy", "log_loss", "brier"})
      EXPECT_EQ(found[i]["metrics"][metric]["mean"], expected[i][metric]) << metric;
  }
}

TEST(CApi, EvaluationsThatCannotBeAreRefused) {
  const auto table = flowers(60, 1);
  const auto expect = [&](int64_t num_tables, const char* name, const char* target, const char* options,
                          const std::string& message) {
    ArrowArrayStream first = stream_of(*table), second = stream_of(*table);
    ArrowArrayStream* const streams[] = {&first, &second};
    const char *const names[] = {"a", name}, *const targets[] = {nullptr, target};
    manyshot_evaluation* evaluation = nullptr;
    EXPECT_EQ(manyshot_evaluate(num_tables, names, streams, targets, options, &evaluation), MANYSHOT_BAD_INPUT);
    EXPECT_THAT(manyshot_last_error(), HasSubstr(message));
    EXPECT_EQ(evaluation, nullptr);
    if (num_tables > 0) EXPECT_EQ(first.release, nullptr) << "released all the same";
    if (first.release != nullptr) first.release(&first);
    if (second.release != nullptr) second.release(&second);
  };
  expect(2, "a", nullptr, R"({"models": ["majority"]})", "two are called \"a\"");
  expect(2, "b", "kinds", R"({"models": ["majority"]})", "b: no column \"kinds\"; did you mean \"kind\"?");
  expect(2, nullptr, "kind", R"({"models": ["majority"]})", "name of a table is NULL");
  expect(0, "b", "kind", "", "num_tables: 0");
  expect(2, "b", "kind", R"({"model": "majority"})", "did you mean \"models\"?");
  expect(2, "b", "kind", R"({"base_url": "http://localhost"})", "base_url");
  expect(2, "b", "kind", R"({"models": ["openai:x"]})", "the library opens no connections");
}

constexpr const char* kRecipe = R"(seed = 5
[compact]
hidden_size = 32
intermediate_size = 48
num_attention_heads = 2
num_key_value_heads = 2
num_hidden_layers = 3
row_layers = 1
[evaluate]
tasks = 0
[[stage]]
steps = 6
batch = 4
[stage.corpus]
prior = "mlp"
shots = "8:24"
queries = 4
features = "2:4"
classes = "2:3"
filter_tasks = false
)";

TEST(CApi, TrainedWeightsAreTheBitsOfTheProgram) {
  const TemporaryFolder folder;
  const ProgramResult program =
      run_manyshot({"train", "--config", folder.write("recipe.toml", kRecipe), "--out", folder / "expected"});
  ASSERT_EQ(program.exit_code, 0) << program.err;
  manyshot_training* training = nullptr;
  ASSERT_EQ(manyshot_train(kRecipe, nullptr, (folder / "run").c_str(), nullptr, &training), MANYSHOT_OK)
      << manyshot_last_error();
  const json report = json::parse(manyshot_training_report(training));
  manyshot_training_free(training);
  EXPECT_EQ(report["steps"], 6);
  EXPECT_EQ(report["checkpoint"], folder / "run/checkpoint-6");
  EXPECT_EQ(content_of(folder / "run/checkpoint-6/model.safetensors"),
            content_of(folder / "expected/checkpoint-6/model.safetensors"));
  EXPECT_TRUE(std::filesystem::exists(folder / "run/report.md"));
  EXPECT_FALSE(std::filesystem::exists(folder / "run/report.html"));
  const ProgramResult page =
      run_manyshot({"train", "--config", folder / "recipe.toml", "--out", folder / "run", "--resume", folder / "run"});
  EXPECT_EQ(page.exit_code, 0) << page.err;
  EXPECT_TRUE(std::filesystem::exists(folder / "run/report.html")) << "as the documents say";
}

TEST(CApi, RecipesThatCannotBeTrainedAreRefused) {
  const TemporaryFolder folder;
  const auto expect = [&](const std::string& recipe, const char* options, const std::string& message) {
    manyshot_training* training = nullptr;
    EXPECT_EQ(manyshot_train(recipe.c_str(), "tiny.toml", (folder / "run").c_str(), options, &training),
              MANYSHOT_BAD_INPUT);
    EXPECT_THAT(manyshot_last_error(), HasSubstr(message));
    EXPECT_EQ(training, nullptr);
    EXPECT_FALSE(std::filesystem::exists(folder / "run"));
  };
  expect(std::string(kRecipe) + "lerning_rate = 1\n", "", "tiny.toml:21:1: unknown option \"corpus.lerning_rate\"");
  expect(kRecipe, R"({"set": ["stage.0.steps=-1"]})", "steps");
  expect(kRecipe, R"({"set": ["evaluate.tables=a.csv"]})", "the library reads no table files");
  expect(kRecipe, R"({"device": "cuda"})", "device");
  expect(kRecipe, R"({"resume": "nowhere"})", "nowhere");
  manyshot_training* training = nullptr;
  EXPECT_EQ(manyshot_train(kRecipe, nullptr, "", nullptr, &training), MANYSHOT_BAD_INPUT);
  EXPECT_EQ(manyshot_train(nullptr, nullptr, "run", nullptr, &training), MANYSHOT_BAD_INPUT);
}

TEST(CApi, CallsThatAreInterruptedSaySo) {
  manyshot_interrupt();
  EXPECT_EQ(manyshot_set_threads(0), MANYSHOT_OK) << "calls that begin later do not hear of it";
  const auto table = flowers(3000, 1);
  ArrowArrayStream stream = stream_of(*table);
  ArrowArrayStream* const streams[] = {&stream};
  const char* const names[] = {"flowers"};
  std::atomic<bool> ended{false};
  std::jthread interrupter([&] {
    while (!ended) manyshot_interrupt(), std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  manyshot_evaluation* evaluation = nullptr;
  const manyshot_status status =
      manyshot_evaluate(1, names, streams, nullptr, R"({"models": ["default"], "shots": [512, 1024]})", &evaluation);
  ended = true;
  EXPECT_EQ(status, MANYSHOT_FAILED);
  EXPECT_STREQ(manyshot_last_error_kind(), "interrupted");
  EXPECT_EQ(evaluation, nullptr);
}

TEST(CApi, StreamsThatFailAreReportedInTheirWords) {
  ArrowArrayStream stream{};
  stream.get_schema = [](ArrowArrayStream*, ArrowSchema*) { return 5; };
  stream.get_last_error = [](ArrowArrayStream*) { return "the cable is out"; };
  stream.release = [](ArrowArrayStream* self) { self->release = nullptr; };
  manyshot_task* task = nullptr;
  EXPECT_EQ(manyshot_fit(&stream, "y", "", &task), MANYSHOT_FAILED);
  EXPECT_THAT(manyshot_last_error(), HasSubstr("the cable is out"));
  EXPECT_EQ(stream.release, nullptr);
}

TEST(CApi, NotesGoToTheFunction) {
  std::vector<std::string> notes;
  manyshot_set_log_function(
      [](int level, const char* message, void* user_data) {
        static_cast<std::vector<std::string>*>(user_data)->push_back(fmt::format("{} {}", level, message));
      },
      &notes);
  arrow::Int64Builder ids;
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(ids.Append(i).ok());
  const auto table = *flowers(30, 1)->AddColumn(0, arrow::field("id", arrow::int64()),
                                                std::make_shared<arrow::ChunkedArray>(*ids.Finish()));
  const Task task = fit(*table, "kind", R"({"model": "knn"})");
  manyshot_set_log_function(nullptr, nullptr);
  EXPECT_THAT(notes, ::testing::Contains(AllOf(StartsWith("1 "), HasSubstr("\"id\" is left out"))));
}

TEST(CApi, ThreadsMayAskOneTaskAtOnce) {
  const Task task = fit(*flowers(40, 1), "kind", R"({"model": "default", "ensemble": 1})");
  const auto test = flowers(20, 2);
  const Prediction alone = predict(task.get(), *test);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const Prediction beside = predict(task.get(), *test);
      EXPECT_EQ(0, std::memcmp(manyshot_prediction_probabilities(alone.get()),
                               manyshot_prediction_probabilities(beside.get()), 60 * sizeof(double)));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::string output_of(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string out;
  char buffer[4096];
  for (size_t size; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, size);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return out;
}

TEST(CApi, TheExampleRunsAndAsksItsFileAgain) {
  const TemporaryFolder folder;
  const auto lines = lines_of(output_of(fmt::format("{} {} 2>/dev/null", MANYSHOT_EXAMPLE, folder / "flowers.msfit")));
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0], StartsWith("setosa  setosa 0."));
  EXPECT_THAT(lines[1], StartsWith("versicolor  setosa 0."));
  EXPECT_EQ(lines[2], lines[0]);
  EXPECT_EQ(lines[3], lines[1]);
}

TEST(CApi, ExportsTheHeaderAndNothingElse) {
  for (const std::string& line : lines_of(output_of(std::string("nm -D --defined-only ") + MANYSHOT_LIBRARY))) {
    EXPECT_THAT(line.substr(line.rfind(' ') + 1), StartsWith("manyshot_"));
  }
  EXPECT_THAT(output_of(std::string("nm -D --defined-only ") + MANYSHOT_LIBRARY), HasSubstr("manyshot_fit"));
}

TEST(CApi, NeedsNoArrow) {
  const std::string needed = output_of(std::string("readelf -d ") + MANYSHOT_LIBRARY);
  EXPECT_THAT(needed,
              AllOf(HasSubstr("NEEDED"), Not(HasSubstr("arrow")), Not(HasSubstr("parquet")), Not(HasSubstr("torch")),
                    Not(HasSubstr("curl")), Not(HasSubstr("sqlite")), Not(HasSubstr("libmanyshot_"))));
}

}  // namespace
}  // namespace manyshot
