// `manyshot fit`: labelled rows in, a file that predictions begin from out.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "predict/saved_fit.h"

namespace manyshot {

// For a visit(): hands on those of PredictOptions that decide what is fitted, and how the training table is read.
template <class Visitor>
struct OptionsOfFitting {
  Visitor& visitor;
  void set_heading(std::string_view heading) { option_heading(visitor, heading); }
  template <class Member>
  void operator()(std::string_view name, Member& member, Constraint limits, std::string_view help) {
    constexpr std::array<std::string_view, 5> kOfReading{"train", "ignore", "encoding", "delimiter", "no_header"};
    if (is_fitted_option(name) || std::ranges::find(kOfReading, name) != kOfReading.end())
      visitor(name, member, std::move(limits), help);
  }
};

// Whether the file holds the labelled rows.
enum class WithData { kYes, kNo };
constexpr auto names_of(WithData) {
  return std::to_array<Named<WithData>>({{WithData::kYes, "yes"}, {WithData::kNo, "no"}});
}

struct FitOptions {
  PredictOptions predict;  // those that decide what is fitted; `fit` is the file that rows are added to
  std::string append;
  WithData with_data = WithData::kYes;
  std::string out;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    OptionsOfFitting<Visitor> fitted{v};
    PredictOptions::visit(self.predict, fitted);
    option_heading(v, "Input");
    v("fit", self.predict.fit, any_value(),
      "File of manyshot fit whose labelled rows and options are taken; with --append.");
    v("append", self.append, any_value(), "Table with labelled rows that are added to those of --fit.");
    option_heading(v, "Output");
    v("with_data", self.with_data, any_value(),
      "Whether the file holds the labelled rows; no, for one compact model on classes, leaves them out, but for what "
      "its "
      "encoding keeps of them (docs/formats/msfit.md).");
    v("out", self.out, any_value().required(), "File of the fit; its usual ending is .msfit.");
  }
};

struct FitReport {
  std::string target, model;
  bool is_number = false;
  std::vector<std::string> classes;
  uint64_t train_rows = 0, labelled_rows = 0, features = 0;
  uint64_t file_bytes = 0;
  double seconds = 0;  // of reading and fitting
};

class FittedTask;
// A fitted task, and what its store has kept, as a file has them.
SavedFit save_fit(const FittedTask& task, FitParts parts);
// The same without the labelled rows. Throws Error(kUnsupported) where its answers need them.
SavedFit save_fit_without_rows(const FittedTask& task);

// Throws Error before anything is written; the file appears only when complete.
FitReport fit_file(const FitOptions& options);

// What a fit file holds, for `manyshot info`: lines for people, and for programs.
std::string describe(const SavedFit& fit);
Json to_json(const SavedFit& fit);

}  // namespace manyshot
