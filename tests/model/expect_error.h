// EXPECT_ERROR(statement, kind, text): the statement throws Error of this kind with `text` in its message.
#pragma once

#include <gmock/gmock.h>

#include "core/error.h"

#define EXPECT_ERROR(statement, error_kind, text)                        \
  try {                                                                  \
    statement;                                                           \
    ADD_FAILURE() << #statement " throws nothing; expected: " << (text); \
  } catch (const ::manyshot::Error& error) {                             \
    EXPECT_THAT(error.what(), ::testing::HasSubstr(text));               \
    EXPECT_EQ(error.kind(), error_kind) << error.what();                 \
  }
