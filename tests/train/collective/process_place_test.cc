// Where a process stands among others, by the environment of torchrun and Slurm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/error.h"
#include "train/collective/collective.h"

namespace manyshot::train {
namespace {

using ::testing::HasSubstr;

class Environment : public ::testing::Test {
 protected:
  void TearDown() override {
    for (const char* name : kNames) unsetenv(name);
  }
  static void set(std::vector<std::pair<const char*, const char*>> values) {
    for (const char* name : kNames) unsetenv(name);
    for (const auto& [name, value] : values) setenv(name, value, 1);
  }
  static constexpr const char* kNames[] = {
      "RANK",         "WORLD_SIZE",    "MASTER_ADDR",  "MASTER_PORT",        "SLURM_PROCID",
      "SLURM_NTASKS", "SLURM_STEP_ID", "SLURM_JOB_ID", "SLURM_JOB_NODELIST", "TORCHELASTIC_USE_AGENT_STORE",
      "LOCAL_RANK",   "SLURM_LOCALID"};
};

TEST_F(Environment, PlacesComeFromTorchrunAndSlurm) {
  set({});
  EXPECT_EQ(process_place().world_size, 1);
  set({{"RANK", "2"},
       {"WORLD_SIZE", "4"},
       {"MASTER_ADDR", "host"},
       {"MASTER_PORT", "29500"},
       {"TORCHELASTIC_USE_AGENT_STORE", "True"}});
  const ProcessPlace torchrun = process_place();
  EXPECT_EQ(torchrun.rank, 2);
  EXPECT_EQ(torchrun.local_rank, 0);
  EXPECT_EQ(torchrun.address, "host");
  EXPECT_TRUE(torchrun.is_store_hosted);
  set({{"SLURM_PROCID", "1"},
       {"SLURM_NTASKS", "8"},
       {"SLURM_STEP_ID", "0"},
       {"SLURM_JOB_ID", "20007"},
       {"SLURM_JOB_NODELIST", "node[3-7,9]"},
       {"SLURM_LOCALID", "3"}});
  const ProcessPlace slurm = process_place();
  EXPECT_EQ(slurm.rank, 1);
  EXPECT_EQ(slurm.local_rank, 3);
  EXPECT_EQ(slurm.world_size, 8);
  EXPECT_EQ(slurm.address, "node3");
  EXPECT_EQ(slurm.port, 20007);
}

TEST_F(Environment, WhatIsMissingIsNamed) {
  set({{"RANK", "2"}, {"WORLD_SIZE", "4"}});
  EXPECT_THAT(error_of([] { process_place(); }).what(), HasSubstr("MASTER_PORT"));
  set({{"RANK", "4"}, {"WORLD_SIZE", "4"}, {"MASTER_ADDR", "host"}, {"MASTER_PORT", "29500"}});
  EXPECT_THAT(error_of([] { process_place(); }).what(), HasSubstr("process 4 of 4"));
  set({{"RANK", "0"}, {"WORLD_SIZE", "1"}, {"MASTER_ADDR", "host"}, {"MASTER_PORT", "29500"}, {"LOCAL_RANK", "x"}});
  EXPECT_THAT(error_of([] { process_place(); }).what(), HasSubstr("LOCAL_RANK is \"x\""));
}

}  // namespace
}  // namespace manyshot::train
