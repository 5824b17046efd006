#include "report/document.h"

namespace manyshot {

size_t Chart::chosen_view() const {
  size_t view = 0;
  for (const Choice& choice : choices) view = view * choice.options.size() + choice.chosen;
  return view;
}

}  // namespace manyshot
