#include "core/options.h"

#include <gmock/gmock.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StrEq;

struct Sample {
  bool stratify = false;
  int num_trees = 100;
  int64_t offset = -5;
  uint64_t seed = 0;
  double rate = 0.1;
  std::string select = "random";
  std::string title;
  std::vector<std::string> models = {"knn", "forest"};
  std::optional<int> shots;
  std::optional<std::string> out;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("stratify", self.stratify, any_value(), "Keep the shares of the classes.");
    v("num_trees", self.num_trees, at_least(1), "Trees in the forest.");
    v("offset", self.offset, any_value(), "Where to begin.");
    v("seed", self.seed, any_value(), "Seed.");
    v("rate", self.rate, between(0, 1), "Step | size.");
    v("select", self.select, one_of({"random", "stratified"}), "How shots are chosen.");
    v("title", self.title, any_value(), "Title.");
    v("models", self.models, one_of({"knn", "forest", "majority"}), "Who takes part.");
    v("shots", self.shots, at_least(1), "Labelled rows.");
    v("out", self.out, any_value(), "Output file.");
  }
};

class Options : public ::testing::Test {
 protected:
  void set(std::string_view name, std::string_view text) { set_option(list, name, text); }
  void expect_refused(std::string_view name, std::string_view text, std::string_view message) {
    const Json before = to_json(list);
    EXPECT_ERROR(set(name, text), ErrorKind::kBadInput, StrEq(message));
    EXPECT_EQ(to_json(list), before);
  }

  Sample sample;
  OptionList list = options_of(sample);
};

TEST_F(Options, AreDescribedFromOneDeclaration) {
  ASSERT_EQ(list.size(), 10u);
  const Option& trees = list[1];
  EXPECT_EQ(trees.name, "num_trees");
  EXPECT_EQ(trees.flag, "--num-trees");
  EXPECT_EQ(trees.type, "integer");
  EXPECT_EQ(trees.default_text, "100");
  EXPECT_EQ(trees.limits_text, "at least 1");
  EXPECT_EQ(trees.help, "Trees in the forest.");
  EXPECT_FALSE(trees.is_flag || trees.is_list);
  EXPECT_TRUE(list[0].is_flag);
  EXPECT_TRUE(list[7].is_list);
}

TEST_F(Options, ShowTheirDefaultsAsTheyAreSet) {
  std::vector<std::string> defaults;
  for (const Option& option : list) defaults.push_back(option.default_text);
  EXPECT_THAT(defaults, ElementsAre("false", "100", "-5", "0", "0.1", "random", "", "knn,forest", "", ""));
}

TEST_F(Options, AreSetFromText) {
  set("stratify", "true");
  set("num_trees", "30");
  set("offset", "-9223372036854775808");
  set("seed", "18446744073709551615");
  set("rate", "2.5e-1");
  set("select", "stratified");
  set("title", "a, b");
  set("models", "majority");
  set("shots", "8");
  set("out", "x.csv");
  EXPECT_TRUE(sample.stratify);
  EXPECT_EQ(sample.num_trees, 30);
  EXPECT_EQ(sample.offset, INT64_MIN);
  EXPECT_EQ(sample.seed, UINT64_MAX);
  EXPECT_EQ(sample.rate, 0.25);
  EXPECT_EQ(sample.select, "stratified");
  EXPECT_EQ(sample.title, "a, b");
  EXPECT_THAT(sample.models, ElementsAre("majority"));
  EXPECT_EQ(sample.shots, 8);
  EXPECT_EQ(sample.out, "x.csv");
  set("models", "majority,knn");
  EXPECT_THAT(sample.models, ElementsAre("majority", "knn"));
  set("models", "");
  EXPECT_TRUE(sample.models.empty());
}

TEST_F(Options, RefuseWhatIsNoNumber) {
  expect_refused("num_trees", "abc", "--num-trees: expected a whole number of at least 1, got \"abc\"");
  expect_refused("num_trees", "", "--num-trees: expected a whole number of at least 1, got \"\"");
  expect_refused("num_trees", "12 ", "--num-trees: expected a whole number of at least 1, got \"12 \"");
  expect_refused("num_trees", "1e3", "--num-trees: expected a whole number of at least 1, got \"1e3\"");
  expect_refused("rate", "0,5", "--rate: expected a number from 0 to 1, got \"0,5\"");
  expect_refused("shots", "many", "--shots: expected a whole number of at least 1, got \"many\"");
  expect_refused("stratify", "maybe", "--stratify: expected true or false, got \"maybe\"");
}

TEST_F(Options, RefuseWhatIsOutOfRange) {
  expect_refused("num_trees", "0", "--num-trees: expected a whole number of at least 1, got \"0\"");
  expect_refused("num_trees", "2147483648",
                 "--num-trees: expected a whole number from 1 to 2147483647, got \"2147483648\"");
  expect_refused("seed", "-1", "--seed: expected a whole number from 0 to 18446744073709551615, got \"-1\"");
  expect_refused("offset", "9223372036854775808",
                 "--offset: expected a whole number from -9223372036854775808 to 9223372036854775807, got "
                 "\"9223372036854775808\"");
  for (const char* text : {"1.01", "-0.1", "nan", "inf", "1e999"}) {
    expect_refused("rate", text, fmt::format("--rate: expected a number from 0 to 1, got \"{}\"", text));
  }
  expect_refused("shots", "0", "--shots: expected a whole number of at least 1, got \"0\"");
}

TEST_F(Options, RefuseOtherChoicesWithTheNearest) {
  expect_refused("select", "rando", "--select: expected random or stratified, got \"rando\"; did you mean \"random\"?");
  expect_refused("select", "first", "--select: expected random or stratified, got \"first\"");
  expect_refused("models", "knn,trees", "--models: expected a list of knn, forest or majority, got \"knn,trees\"");
  expect_refused("models", "knn,forst",
                 "--models: expected a list of knn, forest or majority, got \"knn,forst\"; did you mean \"forest\"?");
}

TEST_F(Options, RefuseUnknownNamesWithTheNearest) {
  expect_refused("num_tree", "1", "unknown option \"num_tree\"; did you mean \"num_trees\"?");
  expect_refused("colour", "red", "unknown option \"colour\"");
}

TEST_F(Options, ReturnTheirValuesAsJson) {
  EXPECT_EQ(to_json(list).dump(),
            R"({"stratify":false,"num_trees":100,"offset":-5,"seed":0,"rate":0.1,"select":"random","title":"",)"
            R"("models":["knn","forest"],"shots":null,"out":null})");
}

TEST_F(Options, TheSavedCopySetsTheSameValues) {
  set("seed", "18446744073709551615");
  set("rate", "0.30000000000000004");
  set("shots", "3");
  Sample other;
  other.out = "will be unset";
  for (const Json saved = to_json(list); const Option& option : options_of(other))
    option.set_json(saved.at(option.name));
  EXPECT_EQ(to_json(options_of(other)), to_json(list));
}

TEST_F(Options, JsonOfAnotherTypeIsRefused) {
  const auto refuse = [&](std::string_view name, const Json& value, std::string_view message) {
    EXPECT_ERROR(find_option(list, name).set_json(value), ErrorKind::kBadInput, StrEq(message));
  };
  refuse("num_trees", "5", "--num-trees: expected a whole number of at least 1, got \"5\"");
  refuse("num_trees", 5.5, "--num-trees: expected a whole number of at least 1, got 5.5");
  refuse("num_trees", true, "--num-trees: expected a whole number of at least 1, got true");
  refuse("num_trees", nullptr, "--num-trees: expected a whole number of at least 1, got null");
  refuse("num_trees", int64_t{1} << 31, "--num-trees: expected a whole number from 1 to 2147483647, got 2147483648");
  refuse("seed", -1, "--seed: expected a whole number from 0 to 18446744073709551615, got -1");
  refuse("stratify", 1, "--stratify: expected true or false, got 1");
  refuse("title", 7, "--title: expected text, got 7");
  refuse("rate", std::numeric_limits<double>::quiet_NaN(), "--rate: expected a number from 0 to 1, got nan");
  refuse("models", "knn", "--models: expected a list of knn, forest or majority, got \"knn\"");
  refuse("models", Json{"knn", 3}, "--models: expected a list of knn, forest or majority, got [\"knn\",3]");
  refuse("shots", Json::object(), "--shots: expected a whole number of at least 1, got {}");
}

TEST_F(Options, WholeNumbersAreNumbers) {
  find_option(list, "rate").set_json(1);
  EXPECT_EQ(sample.rate, 1.0);
}

struct Broken {
  int num_trees = 0;
  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("num_trees", self.num_trees, at_least(1), "");
  }
};

TEST(OptionDeclaration, ADefaultOutsideItsLimitsIsOurMistake) {
  Broken broken;
  EXPECT_ERROR(options_of(broken), ErrorKind::kInternal,
               StrEq("option num_trees: the default 0 is outside its limits"));
}

class Toml : public Options {
 protected:
  void read(std::string_view text) { read_toml(list, folder.write("recipe.toml", text)); }
  void expect_refused(std::string_view text, ErrorKind kind, std::string_view message) {
    EXPECT_ERROR(read(text), kind, StrEq(fmt::format("{}:{}", folder / "recipe.toml", message)));
  }
  TemporaryFolder folder;
};

TEST_F(Toml, SetsEveryType) {
  read(R"(# a recipe
stratify = true
num_trees = 30
seed = 7
rate = 0.5
select = "stratified"
title = 'x "y"'
models = ["majority", "knn"]
shots = 8
)");
  EXPECT_TRUE(sample.stratify);
  EXPECT_EQ(sample.num_trees, 30);
  EXPECT_EQ(sample.seed, 7u);
  EXPECT_EQ(sample.rate, 0.5);
  EXPECT_EQ(sample.select, "stratified");
  EXPECT_EQ(sample.title, "x \"y\"");
  EXPECT_THAT(sample.models, ElementsAre("majority", "knn"));
  EXPECT_EQ(sample.shots, 8);
  EXPECT_EQ(sample.offset, -5) << "what the file does not name stays";
}

TEST_F(Toml, TablesAreSections) {
  int depth = 1;
  list.push_back(make_option("forest.depth", &depth, at_least(1), "Depth."));
  read("[forest]\ndepth = 4\n");
  EXPECT_EQ(depth, 4);
  read("forest.depth = 5\n");
  EXPECT_EQ(depth, 5);
  expect_refused("[forest]\ndeph = 4\n", ErrorKind::kBadInput,
                 "2:1: unknown option \"forest.deph\"; did you mean \"forest.depth\"?");
}

TEST_F(Toml, UnknownKeysAndBadValuesNameTheirPlace) {
  expect_refused("seed = 1\n\n  num_tree = 3\n", ErrorKind::kBadInput,
                 "3:3: unknown option \"num_tree\"; did you mean \"num_trees\"?");
  expect_refused("num_trees = 0\n", ErrorKind::kBadInput,
                 "1:13: --num-trees: expected a whole number of at least 1, got 0");
  expect_refused("num_trees = \"3\"\n", ErrorKind::kBadInput,
                 "1:13: --num-trees: expected a whole number of at least 1, got \"3\"");
  expect_refused("[num_trees]\nx = 1\n", ErrorKind::kBadInput, "1:1: a table cannot stand here; give a value");
  expect_refused("title = 2024-01-31\n", ErrorKind::kBadInput,
                 "1:9: dates and times are not understood; put the value into quotes");
  expect_refused("models = [\"knn\", {}]\n", ErrorKind::kBadInput, "1:18: a table cannot stand here; give a value");
}

TEST_F(Toml, BrokenFilesNameTheirPlace) {
  const Error error = error_of([&] { read("seed = 1\nrate = = 2\n"); });
  EXPECT_EQ(error.kind(), ErrorKind::kCorruptFile);
  EXPECT_THAT(error.what(), ::testing::StartsWith(folder / "recipe.toml" + ":2:8: "));
  EXPECT_ERROR(read_toml(list, folder / "none.toml"), ErrorKind::kNotFound,
               StrEq(folder / "none.toml" + ": no such file; check the path"));
}

TEST_F(Toml, TablesMayRepeat) {
  std::vector<std::unique_ptr<Sample>> samples;
  const RepeatedTable repeated{.name = "sample", .next = [&] {
                                 samples.push_back(std::make_unique<Sample>());
                                 return options_of(*samples.back());
                               }};
  const auto set = [&](std::string_view text) { set_from_toml(list, repeated, text, "recipe.toml"); };
  set("seed = 7\n[[sample]]\nnum_trees = 30\n[[sample]]\nrate = 0.5\n");
  EXPECT_EQ(sample.seed, 7u);
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0]->num_trees, 30);
  EXPECT_EQ(samples[1]->rate, 0.5);
  EXPECT_ERROR(set("[[sample]]\nseed = 1\nnum_tree = 3\n"), ErrorKind::kBadInput,
               StrEq("recipe.toml:3:1: unknown option \"num_tree\"; did you mean \"num_trees\"?"));
  EXPECT_ERROR(set("[[samples]]\nseed = 1\n"), ErrorKind::kBadInput,
               StrEq("recipe.toml:1:3: unknown table \"samples\"; did you mean \"sample\"?"));
  EXPECT_ERROR(set("[sample]\nseed = 1\n"), ErrorKind::kBadInput,
               StrEq("recipe.toml:1:1: \"sample\" may come several times: write [[sample]]"));
}

struct Outer {
  Sample inner;
  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    OptionSection<Visitor> section{v, "inner."};
    Sample::visit(self.inner, section);
  }
};

TEST_F(Toml, SectionsNameTheirOptions) {
  Outer outer;
  set_from_toml(options_of(outer), "[inner]\nnum_trees = 3\n", "recipe.toml");
  EXPECT_EQ(outer.inner.num_trees, 3);
}

TEST_F(Options, MakeAMarkdownTable) {
  const OptionList some = {list[0], list[4], list[5], list[8]};
  EXPECT_EQ(options_markdown(some),
            "| option | type | default | allowed | meaning |\n"
            "|---|---|---|---|---|\n"
            "| `--stratify` | switch | `false` |  | Keep the shares of the classes. |\n"
            "| `--rate` | number | `0.1` | from 0 to 1 | Step \\| size. |\n"
            "| `--select` | text | `random` | random or stratified | How shots are chosen. |\n"
            "| `--shots` | integer |  | at least 1 | Labelled rows. |\n");
}

struct Pot {
  int size = 3;
  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Pots");
    v("size", self.size, at_least(1), "Litres.");
  }
};

struct Garden {
  std::string place;
  Pot pot;
  bool is_wet = false;
  std::string owner;
  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("place", self.place, any_value().required(), "Where it is.");
    Pot::visit(self.pot, v);
    option_heading(v, "Weather");
    v("is_wet", self.is_wet, any_value(), "Whether it rains.");
    option_heading(v, "Pots");
    v("owner", self.owner, any_value(), "Whose they are.");
  }
};

// The same inside a section, which knows no headings.
struct Village {
  Garden garden;
  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    OptionSection section{v, "garden."};
    Garden::visit(self.garden, section);
  }
};

TEST(OptionHeadings, GroupWhatStandsUnderThem) {
  Garden garden;
  const std::vector<OptionGroup> groups = by_heading(options_of(garden));
  std::vector<std::string> text;
  for (const OptionGroup& group : groups) {
    text.push_back(group.heading + ":");
    for (const Option& option : group.options) text.push_back(option.name);
  }
  EXPECT_THAT(text, ElementsAre(":", "place", "Pots:", "size", "owner", "Weather:", "is_wet"));
  EXPECT_EQ(values_of(garden).dump(), R"({"place":"","size":3,"is_wet":false,"owner":""})") << "order of declaration";
  Village village;
  EXPECT_EQ(by_heading(options_of(village)).size(), 1u);
}

TEST(OptionHeadings, StandOverMarkdownTables) {
  Garden garden;
  const std::string text = options_markdown(options_of(garden));
  EXPECT_THAT(text, HasSubstr("| `--place` | text | required |  | Where it is. |\n\n**Pots**\n\n| option |"));
  EXPECT_EQ(options_json(options_of(garden))[1].dump(),
            R"({"name":"size","type":"integer","default":"3","allowed":"at least 1","meaning":"Litres."})");
}

// --- Enums, ranges, lists of numbers, words for no value ---

enum class Criterion { kGini, kEntropy };
constexpr auto names_of(Criterion) {
  return std::to_array<Named<Criterion>>({{Criterion::kGini, "gini"},
                                          {Criterion::kEntropy, "entropy"},
                                          {Criterion::kEntropy, "information", /*alias=*/true}});
}
static_assert(name_of(Criterion::kEntropy) == "entropy");
static_assert(value_named<Criterion>("information") == Criterion::kEntropy);
static_assert(!value_named<Criterion>("variance"));

struct Typed {
  Criterion criterion = Criterion::kGini;
  std::optional<Criterion> second, third;
  IntRange rows{8, 1024};
  std::optional<IntRange> features;
  std::vector<int64_t> shots{8, 32};
  double share = 0.5;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("criterion", self.criterion, any_value(), "What a split improves.");
    v("second", self.second, any_value().unset_as("auto"), "The other one.");
    v("third", self.third, one_of({Criterion::kGini}).unset_as("none"), "One that has fewer values.");
    v("rows", self.rows, between(2, 5000), "Rows.");
    v("features", self.features, at_least(1).unset_as("auto"), "Columns.");
    v("shots", self.shots, at_least(1), "Labelled rows.");
    v("share", self.share, between(0, 1).once_named("fraction"), "Share.");
  }
};

class TypedOptions : public ::testing::Test {
 protected:
  void set(std::string_view name, std::string_view text) { set_option(list, name, text); }
  void set_json(std::string_view name, const Json& value) { find_option(list, name).set_json(value); }
  void expect_refused(std::string_view name, std::string_view text, std::string_view message) {
    const Json before = values_of(options);
    EXPECT_ERROR(set(name, text), ErrorKind::kBadInput, StrEq(message));
    EXPECT_EQ(values_of(options), before);
  }
  void expect_json_refused(std::string_view name, const Json& value, std::string_view message) {
    EXPECT_ERROR(set_json(name, value), ErrorKind::kBadInput, StrEq(message));
  }

  Typed options;
  OptionList list = options_of(options);
};

TEST_F(TypedOptions, AreDescribedFromTheirTypes) {
  std::vector<std::string> types, defaults, limits;
  for (const Option& option : list) {
    types.push_back(option.type);
    defaults.push_back(option.default_text);
    limits.push_back(option.limits_text);
  }
  EXPECT_THAT(types, ElementsAre("text", "text", "text", "range", "range", "list", "number"));
  EXPECT_THAT(defaults, ElementsAre("gini", "auto", "none", "8:1024", "auto", "8,32", "0.5"));
  EXPECT_THAT(limits, ElementsAre("gini or entropy", "auto, gini or entropy", "none or gini", "from 2 to 5000",
                                  "at least 1", "at least 1", "from 0 to 1"));
}

TEST_F(TypedOptions, AreSetFromText) {
  set("criterion", "information");
  set("second", "entropy");
  set("rows", "16:64");
  set("features", "5");
  set("shots", "4,8,16");
  EXPECT_EQ(options.criterion, Criterion::kEntropy);
  EXPECT_EQ(options.second, Criterion::kEntropy);
  EXPECT_EQ(options.rows, (IntRange{16, 64}));
  EXPECT_EQ(options.features, (IntRange{5, 5}));
  EXPECT_THAT(options.shots, ElementsAre(4, 8, 16));
  set("second", "auto");
  set("features", "auto");
  EXPECT_FALSE(options.second || options.features);
}

TEST_F(TypedOptions, AreSetFromJson) {
  set_json("criterion", Json("entropy"));
  set_json("rows", Json(64));
  set_json("features", Json("2:8"));
  set_json("shots", Json::parse(R"([1, "2"])"));
  EXPECT_EQ(options.criterion, Criterion::kEntropy);
  EXPECT_EQ(options.rows, (IntRange{64, 64}));
  EXPECT_EQ(options.features, (IntRange{2, 8}));
  EXPECT_THAT(options.shots, ElementsAre(1, 2));
  set_json("features", Json());
  EXPECT_FALSE(options.features);
}

TEST_F(TypedOptions, SayWhatTheyExpect) {
  expect_refused("criterion", "ginie", "--criterion: expected gini or entropy, got \"ginie\"; did you mean \"gini\"?");
  expect_json_refused("criterion", Json(1), "--criterion: expected gini or entropy, got 1");
  expect_refused("second", "autos", "--second: expected auto, gini or entropy, got \"autos\"; did you mean \"auto\"?");
  for (const char* value : {"entropy", "information"}) {
    expect_refused("third", value, fmt::format("--third: expected none or gini, got \"{}\"", value));
  }
  expect_refused("rows", "many", "--rows: expected a whole number, or a range like 5:50, got \"many\"");
  expect_refused("rows", "5:", "--rows: expected a whole number, or a range like 5:50, got \"5:\"");
  expect_json_refused("rows", Json(1.5), "--rows: expected a whole number, or a range like 5:50, got 1.5");
  expect_refused("features", "x", "--features: expected auto or a whole number, or a range like 5:50, got \"x\"");
  expect_refused("rows", "80:8", "--rows 80:8: the range is empty; did you mean 8:80?");
  expect_refused("rows", "1:8", "--rows 1:8: expected numbers from 2 to 5000, got 1");
  expect_refused("rows", "8:9000", "--rows 8:9000: expected numbers from 2 to 5000, got 9,000");
  expect_refused("features", "0", "--features 0: expected numbers of at least 1, got 0");
  expect_refused("shots", "8,many", "--shots: expected a list of whole numbers of at least 1, got \"8,many\"");
  expect_json_refused("shots", Json::parse("[0]"), "--shots: expected a list of whole numbers of at least 1, got [0]");
}

TEST_F(TypedOptions, AreSavedAsTheyAreWritten) {
  const Typed& read_only = options;
  EXPECT_EQ(
      values_of(read_only).dump(),
      R"({"criterion":"gini","second":"auto","third":"none","rows":"8:1024","features":"auto","shots":[8,32],"share":0.5})");
  EXPECT_EQ(to_json(list), values_of(read_only));
}

TEST_F(TypedOptions, AreFoundUnderAnOlderName) {
  set("fraction", "0.25");
  EXPECT_EQ(options.share, 0.25);
  set_from_toml(list, "fraction = 0.75", "old.toml");
  EXPECT_EQ(options.share, 0.75);
}

TEST_F(TypedOptions, AreCalledByTheirKeysInFiles) {
  const OptionList keys = named_by_keys(list, "stage.");
  EXPECT_EQ(find_option(keys, "rows").flag, "stage.rows");
  EXPECT_ERROR(set_option(keys, "rows", "80:8"), ErrorKind::kBadInput,
               HasSubstr("stage.rows 80:8: the range is empty"));
}

TEST_F(TypedOptions, RefusedForTheirCompanyAreNamedAsTheUserGaveThem) {
  const OptionPlaces places = set_from_toml(list, "criterion = \"gini\"\n  rows = \"8:16\"\n", "tasks.toml");
  const auto refused = [&](const char* option) {
    try {
      refuse_option(option, "{} is too few for {} classes", 8, 10);
    } catch (const OptionError& error) {
      EXPECT_EQ(std::string(error.what()), std::string(option) + ": 8 is too few for 10 classes");
      refuse_as_given(error, places);
    }
  };
  EXPECT_ERROR(refused("rows"), ErrorKind::kBadInput, StrEq("tasks.toml:2:10: --rows: 8 is too few for 10 classes"));
  EXPECT_ERROR(refused("shots"), ErrorKind::kBadInput, StrEq("shots: 8 is too few for 10 classes"));
}

}  // namespace
}  // namespace manyshot
