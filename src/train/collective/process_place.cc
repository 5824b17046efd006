#include <cstdlib>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "train/collective/collective.h"

namespace manyshot::train {
namespace {

constexpr int kFirstSlurmPort = 20000, kSlurmPorts = 20000;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

int number(const char* name) {
  const std::string text = variable(name);
  const auto value = parse_exact<int>(text);
  if (!value || *value < 0) {
    fail(ErrorKind::kBadInput, "the environment's {} is \"{}\", expected a number; start with torchrun or srun", name,
         excerpt(text));
  }
  return *value;
}

int number_or(const char* name, int fallback) { return variable(name).empty() ? fallback : number(name); }

// "node[3-7,9],other" -> "node3".
std::string first_node(const std::string& nodes) {
  const size_t bracket = nodes.find('['), comma = nodes.find(',');
  if (bracket == std::string::npos || comma < bracket) return nodes.substr(0, comma);
  return nodes.substr(0, bracket) + nodes.substr(bracket + 1, nodes.find_first_of(",-]", bracket) - bracket - 1);
}

ProcessPlace torchrun_place() {
  ProcessPlace place{.rank = number("RANK"),
                     .world_size = number("WORLD_SIZE"),
                     .local_rank = number_or("LOCAL_RANK", 0),
                     .address = variable("MASTER_ADDR"),
                     .port = number("MASTER_PORT"),
                     .is_store_hosted = variable("TORCHELASTIC_USE_AGENT_STORE") == "True"};
  if (place.address.empty()) {
    fail(ErrorKind::kBadInput, "the environment has RANK and WORLD_SIZE but no MASTER_ADDR; start with torchrun");
  }
  return place;
}

ProcessPlace slurm_place() {
  ProcessPlace place{.rank = number("SLURM_PROCID"),
                     .world_size = number("SLURM_NTASKS"),
                     .local_rank = number_or("SLURM_LOCALID", 0)};
  const std::string address = variable("MASTER_ADDR");
  place.address = address.empty() ? first_node(variable("SLURM_JOB_NODELIST")) : address;
  place.port =
      variable("MASTER_PORT").empty() ? kFirstSlurmPort + number("SLURM_JOB_ID") % kSlurmPorts : number("MASTER_PORT");
  return place;
}

}  // namespace

ProcessPlace process_place() {
  ProcessPlace place;
  if (!variable("RANK").empty() && !variable("WORLD_SIZE").empty()) {
    place = torchrun_place();
  } else if (!variable("SLURM_PROCID").empty() && !variable("SLURM_NTASKS").empty() &&
             !variable("SLURM_STEP_ID").empty()) {
    place = slurm_place();
  }
  if (place.world_size < 1 || place.rank >= place.world_size) {
    fail(ErrorKind::kBadInput, "the environment says process {} of {}; start with torchrun or srun", place.rank,
         place.world_size);
  }
  return place;
}

}  // namespace manyshot::train
