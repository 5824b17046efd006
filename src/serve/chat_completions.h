// /v1/chat/completions: answers to conversations.
#pragma once

#include "generate/prompt_tokens.h"
#include "serve/served_model.h"

namespace manyshot::serve {

// The conversation of a request's "messages"; contents are texts or lists of text parts. Throws Error(kBadInput) naming
// the message.
std::vector<ChatMessage> messages_of(const RequestFields& fields);

// `served` must outlive the routes.
std::vector<Route> chat_routes(const ServedModel& served);

}  // namespace manyshot::serve
