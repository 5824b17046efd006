#include <fmt/format.h>

#include "cli/command.h"
#include "cli/option_text.h"
#include "core/version.h"

namespace manyshot {
namespace {

// As text of roff(7): backslashes, hyphens that stay hyphens, and no line that looks like a request.
std::string as_roff(const std::string& text) {
  std::string out;
  bool begins_line = true;
  for (const char c : text) {
    if (begins_line && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    begins_line = c == '\n';
  }
  return out;
}

std::string option_entries(const OptionList& list) {
  std::string text;
  for (const OptionGroup& group : by_heading(list)) {
    if (!group.heading.empty()) text += fmt::format(".PP\n.I {}\n", as_roff(group.heading));
    for (const Option& option : group.options)
      text += fmt::format(".TP\n.B {}\n{}\n", as_roff(with_value(option)), as_roff(meaning(option)));
  }
  return text;
}

std::string command_section(Command& command) {
  const OptionList list = command.options();
  return fmt::format(".SS manyshot {}\n{}.\n.PP\n.B {}\n.PP\n{}\n{}.PP\nExamples:\n.PP\n.nf\n{}.fi\n",
                     as_roff(command.name()), as_roff(command.summary()), as_roff(usage_of(command, list)),
                     as_roff(command.details()), option_entries(list), as_roff(command.examples()));
}

constexpr const char* kEnvironment =
    ".SH ENVIRONMENT\n"
    ".TP\n.B MANYSHOT_MODELS\nFolder with the models that are called by name.\n"
    ".TP\n.B MANYSHOT_SIMD\nLowers the instruction set of the kernels: baseline, sse4, neon, avx2, avx512, avx512_bf16 "
    "or "
    "amx_bf16.\n"
    ".TP\n.B MANYSHOT_TORCH\nFolder of the torch installation whose libraries \\-\\-device cuda uses.\n"
    ".TP\n.B MANYSHOT_KERNELS\noff: on a GPU libtorch's operators alone, without kernels of our own.\n"
    ".TP\n.B MANYSHOT_NCCL\noff: gradients of several processes are summed in the host's memory; or the NCCL library, "
    "where it is not libnccl.so.2 beside torch.\n";

}  // namespace

std::string manual_page() {
  std::string text = fmt::format(
      ".TH MANYSHOT 1 \"\" \"manyshot {}\" \"User Commands\"\n.SH NAME\nmanyshot \\- predictions for the rows of a "
      "table "
      "from labelled rows in the prompt of a language model\n.SH SYNOPSIS\n.B manyshot\n.I COMMAND\n[OPTIONS]\n.br\n.B "
      "manyshot help\n.I COMMAND\n.SH DESCRIPTION\n{}\n.SH COMMANDS\n",
      program_version(),
      as_roff(
          "manyshot predicts classes or numbers with a model that reads the labelled rows as examples and is not "
          "trained on them, trains such models, measures them on tables, and compares fine-tuning with prompting."));
  for (const auto& command : all_commands()) text += command_section(*command);
  CommonOptions common;
  OptionList of_every_command = options_of(common);
  for (Option& option : of_every_command) option.heading.clear();  // the section's own
  text += ".SH OPTIONS OF EVERY COMMAND\n" + option_entries(of_every_command);
  text +=
      ".SH EXIT STATUS\n.TP\n.B 0\nSuccess.\n.TP\n.B 2\nSomething in the input is wrong; the message says what and "
      "where.\n.TP\n.B 1\nAnything else.\n";
  return text + kEnvironment;
}

}  // namespace manyshot
