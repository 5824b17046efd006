// Tables over HTTP, against manyshot predict on the same files.
#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "predict/fit_file.h"
#include "serve/inspect_routes.h"
#include "serve/table_server.h"

namespace manyshot::serve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// manyshot predict on two files: its CSV, and its numbers in full.
struct Predicted {
  std::string csv;
  std::vector<std::vector<double>> probabilities;
  std::vector<double> points;
};
Predicted predict_files(const std::string& train, const std::string& test, PredictOptions options) {
  const TemporaryFolder folder;
  options.task.train = folder.write("train.csv", train);
  options.task.test = folder.write("test.csv", test);
  options.output.out = folder / "out.csv";
  Predicted predicted;
  predict_file(options, {.classes =
                             [&](const PredictedBatch& batch) {
                               if (batch.labels.empty()) return;  // of a baseline beside the model
                               const size_t width = batch.probabilities.size() / batch.rows.size();
                               for (size_t row = 0; row < batch.rows.size(); ++row) {
                                 const auto cells = batch.probabilities.subspan(row * width, width);
                                 predicted.probabilities.emplace_back(cells.begin(), cells.end());
                               }
                             },
                         .numbers =
                             [&](const PredictedNumbers& batch) {
                               if (!batch.is_chosen) return;
                               predicted.points.insert(predicted.points.end(), batch.points.begin(),
                                                       batch.points.end());
                             }});
  predicted.csv = content_of(options.output.out);
  return predicted;
}

PredictOptions flower_options(const std::string& model) {
  PredictOptions options;
  options.model = model;
  options.task.target = "species";
  options.method.ensemble = model == "default" ? std::optional(2) : std::nullopt;
  return options;
}

// The rows of a CSV file without quotes as {"columns", "rows"} of texts.
Json as_json(const std::string& csv) {
  Json json{{"columns", Json::array()}, {"rows", Json::array()}};
  for (const std::string& line : lines_of(csv)) {
    Json cells = Json::array();
    for (size_t begin = 0; begin <= line.size();) {
      const size_t end = std::min(line.find(',', begin), line.size());
      cells.push_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
    if (json["columns"].empty()) {
      json["columns"] = cells;
    } else {
      json["rows"].push_back(cells);
    }
  }
  return json;
}

TEST(Tables, AnswersAreTheBytesOfPredict) {
  const TableServer server;
  const std::string train = flowers(0, 60), test = flowers(200, 31);
  for (const std::string model : {"default", "knn", "forest"}) {
    const Predicted expected = predict_files(train, test, flower_options(model));
    const std::string ensemble = model == "default" ? "&ensemble=2" : "";
    const RawResponse fit = server.post_csv("/v1/fit?target=species&name=f&model=" + model + ensemble, train);
    ASSERT_EQ(fit.status, 200) << fit.body;
    EXPECT_EQ(fit.json()["classes"], Json({"rose", "tulip"}));
    EXPECT_EQ(server.post_csv("/v1/predict?fit=f", test, "Accept: text/csv\r\n").body, expected.csv) << model;
    const Json answer = server.post_csv("/v1/predict?fit=f", test).json();
    EXPECT_EQ(answer["probabilities"], Json(expected.probabilities)) << model;
    EXPECT_EQ(answer["classes"], Json({"rose", "tulip"}));
    EXPECT_EQ(answer["rows"], 31);
  }
}

TEST(Tables, NumbersComeWithMeanAndQuantiles) {
  const TableServer server;
  const std::string train = flowers(0, 60), test = flowers(200, 9, false);
  PredictOptions options;
  options.task.target = "height";
  options.model = "forest";
  const std::string test_of_numbers = flowers(200, 9, false);
  const Predicted expected = predict_files(train, test_of_numbers, options);
  const Json fit = server.post_csv("/v1/fit?target=height&name=n&model=forest", train).json();
  EXPECT_EQ(fit["task"], "regression") << fit.dump();
  EXPECT_EQ(server.post_csv("/v1/predict?fit=n", test, "Accept: text/csv\r\n").body, expected.csv);
  const Json answer = server.post_csv("/v1/predict?fit=n&point=mean", test).json();
  EXPECT_EQ(answer["mean"], Json(expected.points));
  EXPECT_EQ(answer["predictions"], answer["mean"]);
  for (const char* level : {"p05", "p25", "p50", "p75", "p95"}) EXPECT_EQ(answer["quantiles"][level].size(), 9u);
  EXPECT_EQ(server.post_csv("/v1/predict?fit=n&point=median", test).json()["predictions"], answer["quantiles"]["p50"]);
}

TEST(Tables, JsonRowsAreReadAsTheSameCsv) {
  const TableServer server;
  const std::string train = flowers(0, 60), test = flowers(200, 20, false);
  Json fit = as_json(train);
  fit.update({{"target", "species"}, {"name", "j"}, {"model", "knn"}});
  ASSERT_EQ(server.post_json("/v1/fit", fit).status, 200);
  ASSERT_EQ(server.post_csv("/v1/fit?target=species&name=c&model=knn", train).status, 200);
  const Json expected = server.post_csv("/v1/predict?fit=c", test).json()["probabilities"];
  EXPECT_EQ(server.post_csv("/v1/predict?fit=j", test).json()["probabilities"], expected);

  // Objects, with numbers as numbers, and missing cells left out or null.
  const Json table = as_json(test);
  Json objects = Json::array();
  for (const Json& row : table["rows"]) {
    Json object = Json::object();
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string cell = row[i];
      if (cell.empty()) continue;
      const bool is_number = i < 2 || i == 4;
      object[table["columns"][i].get<std::string>()] = is_number ? Json(std::stod(cell)) : Json(cell);
    }
    objects.push_back(object);
  }
  objects[1]["sepal"] = nullptr;
  Json with_null = table;
  with_null["rows"][1][1] = nullptr;
  with_null["fit"] = "j";
  const Json answer = server.post_json("/v1/predict?fit=j", objects).json();
  EXPECT_EQ(answer["rows"], 20) << answer.dump();
  EXPECT_EQ(answer["probabilities"], server.post_json("/v1/predict", with_null).json()["probabilities"]);
}

// One batch of numbers and dictionary texts.
std::string arrow_stream() {
  arrow::DoubleBuilder petal;
  arrow::StringDictionaryBuilder colour;
  for (int row = 0; row < 5; ++row) {
    EXPECT_TRUE(petal.Append(row * 1.25).ok());
    EXPECT_TRUE((row == 2 ? colour.AppendNull() : colour.Append(row % 2 == 0 ? "red" : "blue")).ok());
  }
  const std::vector<std::shared_ptr<arrow::Array>> arrays{petal.Finish().ValueOrDie(), colour.Finish().ValueOrDie()};
  const auto schema =
      arrow::schema({arrow::field("petal", arrays[0]->type()), arrow::field("colour", arrays[1]->type())});
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = arrow::ipc::MakeStreamWriter(sink, schema).ValueOrDie();
  EXPECT_TRUE(writer->WriteRecordBatch(*arrow::RecordBatch::Make(schema, 5, arrays)).ok());
  EXPECT_TRUE(writer->Close().ok());
  return sink->Finish().ValueOrDie()->ToString();
}

TEST(Tables, ArrowStreamsAreRead) {
  const TableServer server;
  ASSERT_EQ(server.post_csv("/v1/fit?target=species&name=f&model=knn", flowers(0, 60)).status, 200);
  const std::string type = "Content-Type: application/vnd.apache.arrow.stream\r\n";
  const RawResponse answer = ask(server.service->port(), "POST", "/v1/predict?fit=f", arrow_stream(), type);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json rows{{"columns", {"petal", "colour"}},
                  {"rows", {{0, "red"}, {1.25, "blue"}, {2.5, nullptr}, {3.75, "blue"}, {5, "red"}}}};
  EXPECT_EQ(answer.json()["probabilities"], server.post_json("/v1/predict?fit=f", rows).json()["probabilities"]);

  std::string cut = arrow_stream();
  cut.resize(cut.size() / 2);
  const RawResponse damaged = ask(server.service->port(), "POST", "/v1/predict?fit=f", cut, type);
  EXPECT_EQ(damaged.status, 400);
  EXPECT_THAT(damaged.message(), HasSubstr("the rows to predict: "));
}

TEST(Tables, RequestsThatWaitTogetherGetWhatEachWouldGetAlone) {
  const TableServer server;
  const std::string train = flowers(0, 60);
  ASSERT_EQ(server.post_csv("/v1/fit?target=species&name=f&model=default&ensemble=2", train).status, 200);
  constexpr size_t kClients = 16;
  std::vector<std::string> alone;
  for (size_t client = 0; client < kClients; ++client)
    alone.push_back(server.post_csv("/v1/predict?fit=f", flowers(300 + 10 * client, client + 1, false)).body);
  const double passes = server.metric("prediction_passes_total");
  EXPECT_EQ(passes, kClients);
  std::atomic<size_t> num_equal = 0;
  {
    std::vector<std::jthread> clients;
    for (size_t client = 0; client < kClients; ++client) {
      clients.emplace_back([&, client] {
        const std::string rows = flowers(300 + 10 * client, client + 1, false);
        for (int i = 0; i < 4; ++i) num_equal += server.post_csv("/v1/predict?fit=f", rows).body == alone[client];
      });
    }
  }
  EXPECT_EQ(num_equal, 4 * kClients);
  EXPECT_LT(server.metric("prediction_passes_total") - passes, 4 * kClients) << "no two were answered together";
  EXPECT_EQ(server.metric("predictions_under_way"), 0);
}

TEST(Tables, TwoThousandRequestsFromManyConnections) {
  const TableServer server;
  ASSERT_EQ(server.post_csv("/v1/fit?target=species&name=f&model=knn", flowers(0, 60)).status, 200);
  constexpr size_t kClients = 32, kRequests = 63, kKinds = 5;
  std::vector<std::string> bodies, alone;
  for (size_t kind = 0; kind < kKinds; ++kind) {
    bodies.push_back(flowers(400 + 20 * kind, 3 + kind, false));
    alone.push_back(server.post_csv("/v1/predict?fit=f", bodies.back()).body);
  }
  std::atomic<size_t> num_equal = 0;
  const auto ask_all = [&] {
    std::vector<std::jthread> clients;
    for (size_t client = 0; client < kClients; ++client) {
      clients.emplace_back([&, client] {
        for (size_t i = 0; i < kRequests; ++i) {
          const size_t kind = (client + i) % kKinds;
          num_equal += server.post_csv("/v1/predict?fit=f", bodies[kind]).body == alone[kind];
        }
      });
    }
  };
  ask_all();
  [[maybe_unused]] const double memory = server.metric("memory_bytes");
  ask_all();
  EXPECT_EQ(num_equal, 2 * kClients * kRequests);
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)  // which keep what is freed
  EXPECT_LT(server.metric("memory_bytes"), memory + (32 << 20));
#endif
}

TEST(Tables, FitsAreListedReplacedAndDeleted) {
  const TableServer server({.tables = {.most_fits = 2}});
  const Json made = server.post_csv("/v1/fit?target=species&model=majority", flowers(0, 20)).json();
  EXPECT_THAT(made["name"].get<std::string>(), StartsWith("fit-"));
  EXPECT_EQ(made["labelled_rows"], 20);
  ASSERT_EQ(server.post_csv("/v1/fit?target=species&model=majority&name=a", flowers(0, 20)).status, 200);
  ASSERT_EQ(server.post_csv("/v1/fit?target=species&model=majority&name=a", flowers(0, 30)).status, 200);
  const Json list = server.get("/v1/fits").json();
  ASSERT_EQ(list["data"].size(), 2u);
  EXPECT_EQ(list["data"][0]["name"], "a");
  EXPECT_EQ(server.get("/v1/fits/a").json()["labelled_rows"], 30);
  EXPECT_EQ(server.get("/v1/fits/a").json()["options"]["model"], "majority");
  const RawResponse full = server.post_csv("/v1/fit?target=species&model=majority&name=b", flowers(0, 20));
  EXPECT_EQ(full.status, 400);
  EXPECT_THAT(full.message(), HasSubstr("there are 2 fits, and this server keeps no more"));
  EXPECT_EQ(server.remove("/v1/fits/a").json()["deleted"], true);
  EXPECT_EQ(server.get("/v1/fits/a").status, 404);
  EXPECT_EQ(server.remove("/v1/fits/a").status, 404);
  EXPECT_THAT(server.post_csv("/v1/predict?fit=" + made["name"].get<std::string>() + "x", "a\n1\n").message(),
              HasSubstr("did you mean"));
  const RawResponse wrong_method = server.post_csv("/v1/fits/a", "");
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_THAT(wrong_method.head, HasSubstr("Allow: GET, DELETE"));
}

TEST(Tables, AFolderKeepsFits) {
  const TemporaryFolder folder;
  const std::string fits = folder / "fits";
  const std::string test = flowers(200, 10, false);
  std::string before;
  {
    const TableServer server({.tables = {.fits = fits}});
    ASSERT_EQ(server.post_csv("/v1/fit?target=species&name=a&model=default&ensemble=2", flowers(0, 40)).status, 200);
    before = server.post_csv("/v1/predict?fit=a", test).body;
    EXPECT_ANY_THROW(TableServer({.tables = {.fits = fits}}));  // it belongs to one
  }
  folder.write("fits/broken.msfit", "no fit");
  const TableServer server({.tables = {.fits = fits}});
  EXPECT_EQ(server.get("/v1/fits").json()["data"].size(), 1u);
  EXPECT_EQ(server.post_csv("/v1/predict?fit=a", test).body, before);
  // What the program writes is a fit of the server, and the other way round.
  PredictOptions of_file;
  of_file.fit = fits + "/a.msfit";
  of_file.task.test = folder.write("test.csv", test);
  of_file.output.out = folder / "out.csv";
  predict_file(of_file, {.classes = [](const PredictedBatch&) {}, .numbers = {}});
  EXPECT_EQ(server.post_csv("/v1/predict?fit=a", test, "Accept: text/csv\r\n").body, content_of(of_file.output.out));
  EXPECT_EQ(server.remove("/v1/fits/a").status, 200);
  EXPECT_THAT(folder.names(), ::testing::Contains("fits"));
  EXPECT_EQ(content_of(fits + "/a.msfit"), "");
}

TEST(Tables, FitsThatAreNotOpenAnswerAllTheSame) {
  const TemporaryFolder folder;
  const TableServer server({.tables = {.fits = folder / "fits", .open_fits = 1}});
  const std::string test = flowers(200, 10, false);
  std::vector<std::string> names{"a", "b", "c"}, answers;
  for (const std::string& name : names) {
    const std::string shots = std::to_string(20 + 10 * answers.size());
    ASSERT_EQ(
        server.post_csv("/v1/fit?target=species&model=knn&name=" + name + "&shots=" + shots, flowers(0, 60)).status,
        200);
    answers.push_back(server.post_csv("/v1/predict?fit=" + name, test).json()["probabilities"].dump());
  }
  EXPECT_NE(answers[0], answers[2]);
  for (int turn = 0; turn < 2; ++turn) {
    for (size_t i = 0; i < names.size(); ++i)
      EXPECT_EQ(server.post_csv("/v1/predict?fit=" + names[i], test).json()["probabilities"].dump(), answers[i]);
  }
}

TEST(Tables, WhatIsWrongIsSaidWithoutPlacesOfTheServer) {
  const TemporaryFolder folder;
  const TableServer server({.max_body_mb = 1, .tables = {.fits = folder / "fits"}});
  const std::string train = flowers(0, 40);
  ASSERT_EQ(server.post_csv("/v1/fit?target=species&name=f&model=knn", train).status, 200);
  const auto refuses = [&](const RawResponse& response, int status, const std::string& message) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_THAT(response.message(), HasSubstr(message));
    EXPECT_THAT(response.message(), Not(HasSubstr(folder.path())));
    EXPECT_THAT(response.message(), Not(HasSubstr("/models")));
  };
  refuses(server.post_csv("/v1/fit", train), 400, "target is needed");
  refuses(server.post_csv("/v1/fit?target=specie", train), 400,
          "the labelled rows: no column \"specie\"; did you mean \"species\"?");
  refuses(server.post_csv("/v1/fit?target=species&modle=knn", train), 400, "modle");
  refuses(server.post_csv("/v1/fit?target=species&model=/etc/passwd", train), 404,
          "this server has \"auto\", \"default\"");
  refuses(server.post_csv("/v1/fit?target=species&adapter=/tmp", train), 400, "adapter");
  refuses(server.post_csv("/v1/fit?target=species&train=/etc/passwd", train), 400, "train");
  refuses(server.post_csv("/v1/fit?target=species&name=../x", train), 400, "name: a fit is called by at most 64");
  refuses(server.post_csv("/v1/fit?target=species&ensemble=0", train), 400, "at least 1");
  refuses(server.post_csv("/v1/fit?target=species&target=height", train), 400, "given twice");
  refuses(server.post_csv("/v1/fit?target=species", "species\n"), 400, "the labelled rows");
  refuses(server.post_csv("/v1/fit?target=species&with_data=no&model=knn", train), 400, "with-data no");
  refuses(server.post_csv("/v1/predict", train), 400, "fit is needed");
  refuses(server.post_csv("/v1/predict?fit=nope", train), 404, "there is no fit \"nope\" here");
  refuses(server.post_csv("/v1/predict?fit=f", "a,b\n1,2\n"), 400, "none of the training columns");
  refuses(server.post_csv("/v1/predict?fit=f&keep=nope", flowers(0, 3)), 400, "no column \"nope\"");
  refuses(server.post_csv("/v1/predict?fit=f&point=median", flowers(0, 3)), 400, "a class has no median");
  refuses(server.post_csv("/v1/predict?fit=f", "petal\n1\n\"2\n"), 400, "the rows to predict");
  refuses(server.post_csv("/v1/predict?fit=f", std::string("\x1f\x8b\x08\0", 4)), 400, "compressed");
  refuses(server.post_json("/v1/predict?fit=f", Json::array()), 400, "is empty");
  refuses(server.post_json("/v1/predict?fit=f", {1, 2}), 400, "row 0 (counted from 0): expected an object");
  refuses(server.post_json("/v1/predict", {{"fit", "f"}}), 400, "the body has no \"rows\"");
  refuses(server.post_json("/v1/predict?fit=f", {{"rows", {{1, 2}}}}), 400, "need \"columns\"");
  refuses(server.post_json("/v1/predict?fit=f", {{"columns", {"a"}}, {"rows", {{1, 2}}}}), 400,
          "row 0 (counted from 0) has 2 cells, and there are 1 columns");
  refuses(server.post_json("/v1/predict?fit=f", {{{"petal", {1}}}}), 400,
          "row 0 (counted from 0), column \"petal\": expected a text, a number");
  refuses(ask(server.service->port(), "POST", "/v1/predict?fit=f", "x", "Content-Type: image/png\r\n"), 400,
          "Content-Type: image/png is not read");
  refuses(server.post_csv("/v1/predict?fit=f", std::string(2 << 20, 'x')), 413, "longer than 1");
  refuses(server.post_json("/v1/completions", {{"prompt", "x"}}), 404, "start it with --model");
  EXPECT_EQ(server.get("/v1/models").json()["data"], Json::array());
  EXPECT_EQ(server.get("/v1/fits").json()["data"].size(), 1u);
}

TEST(Tables, InspectSaysWhatIsUnderstood) {
  const TableServer server;
  const std::string csv = "id;petal;species\n1;1,5;rose\n2;2,5;tulip\n3;3,5;\n4;;rose\n5;1,0;tulip\n6;2,0;rose\n";
  const Json table = server.post_csv("/v1/inspect?sample_rows=3", csv).json();
  EXPECT_THAT(table["format"].get<std::string>(), HasSubstr("semicolon"));
  EXPECT_EQ(table["semicolon_separated"], true);
  EXPECT_EQ(table["rows"], 6);
  EXPECT_EQ(table["columns"][1]["type"], "numeric");
  EXPECT_EQ(table["columns"][1]["mean"], 2.1);
  EXPECT_EQ(table["columns"][1]["missing"], 1);
  EXPECT_EQ(table["sample"], Json({{"1", "1,5", "rose"}, {"2", "2,5", "tulip"}, {"3", "3,5", nullptr}}));
  EXPECT_EQ(table["target"], "species");
  EXPECT_FALSE(table.contains("path"));
  EXPECT_EQ(table["models"][0], "auto");
  EXPECT_EQ(table["prompt_models"], Json({"default"}));
  const Json target = server.post_csv("/v1/inspect?target=species", csv).json()["target"];
  EXPECT_EQ(target["unlabelled_rows"], Json({2})) << target.dump();
  EXPECT_EQ(target["class_counts"], Json({3, 2}));
  EXPECT_EQ(target["labels"], Json({0, 1, -1, 0, 1, 0}));

  // The same table as JSON rows has the same columns.
  const Json whole = server.post_csv("/v1/inspect?sample_rows=100", csv).json();
  const Json again = server
                         .post_json("/v1/inspect", {{"columns", {"id", "petal", "species"}},
                                                    {"rows", whole["sample"]},
                                                    {"semicolon_separated", true}})
                         .json();
  EXPECT_EQ(again["columns"], whole["columns"]);
}

TEST(Tables, GuessesOfTheTarget) {
  const TableServer server;
  const auto guess = [&](const std::string& csv) { return server.post_csv("/v1/inspect", csv).json()["target"]; };
  EXPECT_EQ(guess("a,Class,b\n1,x,2\n2,y,3\n"), "Class");
  EXPECT_EQ(guess("kind,a,b\nx,1,2\ny,2,3\n,3,4\nx,1,1\nx,3,1\n"), "kind");
  EXPECT_EQ(guess("a,b\n1,2\n2,3\n"), "b");
  EXPECT_EQ(guess("a,kind,note\n1,x,one thing\n2,y,another\n3,x,a third\n4,y,more\n5,x,words\n6,y,here\n"), "kind");
}

TEST(Tables, PromptsAreThoseOfTheFit) {
  const TableServer server;
  ASSERT_EQ(server.post_csv("/v1/fit?target=species&name=f&model=auto&shots=20", flowers(0, 40)).status, 200);
  const RawResponse prompt = server.post_csv("/v1/prompt?fit=f&queries=2", flowers(200, 5, false));
  ASSERT_EQ(prompt.status, 200) << prompt.body;
  EXPECT_EQ(lines_of(prompt.body).size(), 20u + 1 + 2);
  const RawResponse refused = server.post_csv("/v1/prompt?fit=f&model=knn", flowers(200, 5, false));
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.message(), HasSubstr("a baseline reads tables, not prompts"));
  ASSERT_EQ(server.post_csv("/v1/fit?target=height&name=n", flowers(0, 40)).status, 200);
  const RawResponse numbers = server.post_csv("/v1/prompt?fit=n&shots=30", flowers(200, 5, false));
  ASSERT_EQ(numbers.status, 200) << numbers.body;
  EXPECT_EQ(lines_of(numbers.body).size(), 30u + 1 + 5);
}

// Waits for up to 30 seconds.
bool comes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return condition();
}

TEST(Tables, ClientsThatGoLeaveNoFit) {
  const TableServer server;
  const std::string train = flowers(0, 400), path = "/v1/fit?target=species&model=default&ensemble=40&name=";
  {
    // The second waits for the first, and is never begun.
    RawConnection first(server.service->port()), second(server.service->port());
    first.send(request_text("POST", path + "first", train, kCsvType));
    EXPECT_TRUE(comes_true([&] { return server.metric("fits_under_way") == 1; }));
    second.send(request_text("POST", path + "second", train, kCsvType));
    EXPECT_TRUE(comes_true([&] { return server.metric("fits_under_way") == 2; }));
  }
  EXPECT_TRUE(comes_true([&] { return server.metric("fits_under_way") == 0; }));
  EXPECT_EQ(server.get("/v1/fits").json()["data"], Json::array());
}

TEST(Tables, StoppingFinishesWhatIsUnderWay) {
  const TableServer server;
  RawConnection connection(server.service->port());
  connection.send(
      request_text("POST", "/v1/fit?target=species&model=default&ensemble=40&name=f", flowers(0, 300), kCsvType));
  EXPECT_TRUE(comes_true([&] { return server.metric("fits_under_way") == 1; }));
  server.service->drain(std::chrono::milliseconds(0));
  const RawResponse refused = server.post_csv("/v1/fit?target=species&model=knn", flowers(0, 30));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.message(), "the server is stopping");
  EXPECT_EQ(server.get("/health").status, 503);
  EXPECT_TRUE(server.service->drain(std::chrono::seconds(60)));
  EXPECT_EQ(parse_response(connection.read_all()).status, 200);
}

TEST(Tables, EndingDoesNotWaitForALongFit) {
  TableServer server;
  RawConnection connection(server.service->port());
  const std::string path = "/v1/fit?target=species&model=default&ensemble=256&name=f";
  connection.send(request_text("POST", path, flowers(0, 1000), kCsvType));
  EXPECT_TRUE(comes_true([&] { return server.metric("fits_under_way") == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  server.service.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  const RawResponse ended = parse_response(connection.read_all());
  EXPECT_EQ(ended.status, 503);
  EXPECT_EQ(ended.message(), "the server is stopping");
}

TEST(Tables, RequestsThatTakeTooLongEnd) {
  const TableServer server({.request_timeout_s = 1});
  const RawResponse late =
      server.post_csv("/v1/fit?target=species&model=default&ensemble=256&name=f", flowers(0, 1000));
  EXPECT_EQ(late.status, 503);
  EXPECT_THAT(late.message(), HasSubstr("the request took longer than 1 s"));
  EXPECT_EQ(server.get("/v1/fits").json()["data"], Json::array());
}

}  // namespace
}  // namespace manyshot::serve
