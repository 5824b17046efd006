// Tables that are served: their fits, the threads that fit and predict, and how requests with tables are read.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "serve/given_options.h"
#include "serve/http_server.h"
#include "serve/job_queue.h"
#include "serve/served_fits.h"
#include "serve/table_body.h"

namespace manyshot::serve {

struct TableOptions {
  std::string fits;
  int most_fits = 32;
  int open_fits = 16;
  std::vector<std::string> table_models;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Tables");
    v("fits", self.fits, any_value(),
      "Folder that keeps what /v1/fit makes, as files of manyshot fit: it is there again after a restart. Without it "
      "fits are kept in memory.");
    v("most_fits", self.most_fits, between(1, 100'000), "Fits that are kept; further ones are refused.");
    v("open_fits", self.open_fits, between(1, 100'000),
      "With --fits: fits in memory at the same time; those that were asked longest ago are read again when they are.");
    v("table_models", self.table_models, any_value(),
      "Models that requests with tables may name (without folders and ending), beside auto, default and the baselines: "
      "installed names, folders, .gguf files.");
  }
};

struct ServedTables {
  ServedTables(const TableOptions& options, std::chrono::seconds request_timeout);

  void refuse_new();
  void end_all();

  // What `--model` would say for the name in a request. Throws Error(kNotFound) for one that requests may not name.
  const std::string& model_named(const std::string& name) const;
  // Runs what fits or opens models; of models' places on this machine its messages have the names alone.
  void without_places(const std::function<void()>& call) const;

  ServedFits fits;
  const std::chrono::seconds timeout;                                       // of a request
  std::vector<std::string> models;                                          // names that requests may give
  std::vector<std::string> prompt_models;                                   // those of them that read prompts
  std::atomic<uint64_t> num_fitted = 0, num_passes = 0, num_predicted = 0;  // fits, passes, and rows of these

 private:
  std::map<std::string, std::string> model_paths_;  // by name

 public:
  JobQueue fitting, predicting;  // last: the jobs under way end before what they read
};

// A request whose body has a table.
struct TableRequest {
  TableBody body;
  GivenOptions given;  // without what is of reading CSV
};
// Reads body and options. `name` is what messages call the table. Throws Error(kBadInput), also for a column or the
// like that is not found.
TableRequest read_table_request(const Request& request, const std::string& name);
// The options of reading CSV, which a request may give in its query parameters.
OptionList reading_options(TaskOptions& options);
// The table, or Error(kBadInput) where the body has none.
TableFile take_table(TableRequest& request, const std::string& name);

// Runs `call` so that what it does not find in a request's own table is the request's fault, not a wrong address.
void as_bad_input(const std::function<void()>& call);

}  // namespace manyshot::serve
