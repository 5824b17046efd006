// README.md beside an adapter: what it is, what it was trained on, and how PEFT and manyshot use it.
#pragma once

#include <string>

namespace manyshot {

// Writes the card of the adapter in `folder`, from its own files. `training`: what it was trained on, as Markdown; ""
// when that is not known.
void write_adapter_card(const std::string& folder, const std::string& training);

// What the card in `folder` says of the training; "" without a card of ours.
std::string read_card_training(const std::string& folder);

}  // namespace manyshot
