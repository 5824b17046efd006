#include "core/error.h"
#include "core/text.h"
#include "mcp/schemas.h"
#include "mcp/table_tools.h"
#include "mcp/task_arguments.h"
#include "table/describe.h"

namespace manyshot::mcp {
namespace {

constexpr size_t kShownColumns = 200, kShownCategories = 20;

ReadOptions read_options(const Json& arguments) {
  ReadOptions options;
  options.encoding = arguments.value("encoding", options.encoding);
  options.delimiter = arguments.value("delimiter", options.delimiter);
  options.has_header = !arguments.value("no_header", false);
  return options;
}

TableSource source_of(const Json& arguments, const Workspace& workspace) {
  const ReadOptions options = read_options(arguments);
  if (arguments.contains("path")) {
    const std::string path = workspace.root().existing(text_of(arguments, "path"));
    return {.name = path, .open = [path, options] { return TableFile::open(path, options); }};
  }
  if (arguments.contains("csv")) {
    const auto bytes = std::make_shared<const std::string>(text_of(arguments, "csv"));
    return {.name = "the CSV text",
            .open = [bytes, options] { return TableFile::from_bytes(*bytes, "the CSV text", options); }};
  }
  return source_of_rows(arguments.at("rows"), "the rows");
}

Json short_description(const TableFile& file, const Schema& schema) {
  Json described = table_to_json(file, schema);
  Json& columns = described.at("columns");
  if (columns.size() > kShownColumns) columns.erase(columns.begin() + kShownColumns, columns.end());
  for (Json& column : columns) {
    const auto categories = column.find("categories");
    if (categories != column.end() && categories->size() > kShownCategories)
      categories->erase(categories->begin() + kShownCategories, categories->end());
  }
  return described;
}

Json load_table(const Json& arguments, Workspace& workspace) {
  const int ways = arguments.contains("path") + arguments.contains("csv") + arguments.contains("rows");
  if (ways != 1) fail(ErrorKind::kBadInput, "give one of path, csv and rows");
  TableSource source = source_of(arguments, workspace);
  const TableFile file = source.open();
  const Schema schema = infer_schema(file);
  Json described = short_description(file, schema);
  const std::string id = workspace.add_table(std::move(source));
  Json answer{{"summary", fmt::format("{}: {} rows and {} columns, read as {}", id, with_thousands(schema.num_rows),
                                      schema.columns.size(), file.format_name())},
              {"table_id", id},
              {"format", file.format_name()},
              {"num_rows", schema.num_rows},
              {"num_columns", schema.columns.size()},
              {"columns", std::move(described.at("columns"))},
              {"notes", described.value("notes", Json::array())}};
  return answer;
}

}  // namespace

Tool load_table_tool(Workspace& workspace) {
  return {
      .name = "load_table",
      .title = "Load a table",
      .description =
          "Opens a table and says what was understood of it: rows, columns, their types, ranges, categories and "
          "gaps. Give a path inside the server's folder (CSV of any dialect, or Parquet) where there is one, since "
          "the data then need not pass through you; small tables can be given as CSV text or as rows. The table_id "
          "stands for the table in fit, predict and evaluate.",
      .input_schema =
          schema::object({{"path", schema::text("Path of a CSV or Parquet file.")},
                          {"csv", schema::text("The table itself, as CSV text with a header line.")},
                          {"rows", inline_rows("The table itself, as objects of column and value.")},
                          {"delimiter", schema::text("Of CSV: one character, tab or space; else it is found.")},
                          {"encoding", schema::text("Of CSV, such as latin1; else UTF-8.")},
                          {"no_header", schema::flag("The CSV has no header line.")}},
                         {}),
      .output_schema = schema::answer({{"table_id", schema::text()},
                                       {"format", schema::text()},
                                       {"num_rows", schema::count()},
                                       {"num_columns", schema::count()},
                                       {"columns", schema::list({{"type", "object"}})}},
                                      {"table_id", "num_rows", "num_columns", "columns"}),
      .call = [&workspace](const Json& arguments, const TellProgress&) { return load_table(arguments, workspace); }};
}

}  // namespace manyshot::mcp
