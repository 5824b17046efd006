/* Fits a few labelled rows, predicts two others, keeps the fit in a file and asks it again:
 *
 *     cc -Iinclude examples/c/predict.c -Lbuild/release/lib -lmanyshot -Wl,-rpath,build/release/lib -o predict
 *     ./predict flowers.msfit
 */
#include <manyshot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A table of two columns of numbers and one of text, as the Arrow C stream interface hands it over. The memory stays the
 * caller's, so there is nothing to release. */
enum { kMaxColumns = 3 };
struct flowers {
  int64_t num_rows, num_columns;
  const double *length, *width;
  const int32_t* offsets; /* of each text in `text`, and its end */
  const char* text;
  int is_read;
  struct ArrowSchema children[kMaxColumns], *child_pointers[kMaxColumns];
  struct ArrowArray arrays[kMaxColumns], *array_pointers[kMaxColumns];
  const void *number_buffers[2][2], *text_buffers[3], *no_buffers[1];
};

static void release_schema(struct ArrowSchema* schema) { schema->release = NULL; }
static void release_array(struct ArrowArray* array) { array->release = NULL; }
static void release_stream(struct ArrowArrayStream* stream) { stream->release = NULL; }
static const char* no_error(struct ArrowArrayStream* stream) { return stream->private_data ? NULL : "no table"; }

static int get_schema(struct ArrowArrayStream* stream, struct ArrowSchema* out) {
  static const char *names[] = {"length", "width", "species"}, *formats[] = {"g", "g", "u"};
  struct flowers* table = stream->private_data;
  memset(out, 0, sizeof *out);
  for (int i = 0; i < table->num_columns; ++i) {
    memset(&table->children[i], 0, sizeof table->children[i]);
    table->children[i].name = names[i];
    table->children[i].format = formats[i];
    table->children[i].release = release_schema;
    table->child_pointers[i] = &table->children[i];
  }
  out->format = "+s";
  out->n_children = table->num_columns;
  out->children = table->child_pointers;
  out->release = release_schema;
  return 0;
}

static int get_next(struct ArrowArrayStream* stream, struct ArrowArray* out) {
  struct flowers* table = stream->private_data;
  memset(out, 0, sizeof *out);
  if (table->is_read) return 0; /* the end: an array without release */
  table->is_read = 1;
  table->number_buffers[0][1] = table->length;
  table->number_buffers[1][1] = table->width;
  table->text_buffers[1] = table->offsets;
  table->text_buffers[2] = table->text;
  for (int i = 0; i < table->num_columns; ++i) {
    struct ArrowArray* column = &table->arrays[i];
    memset(column, 0, sizeof *column);
    column->length = table->num_rows;
    column->n_buffers = i < 2 ? 2 : 3; /* the first says which values are missing; NULL: none is */
    column->buffers = i < 2 ? table->number_buffers[i] : table->text_buffers;
    column->release = release_array;
    table->array_pointers[i] = column;
  }
  out->length = table->num_rows;
  out->n_buffers = 1;
  out->buffers = table->no_buffers;
  out->n_children = table->num_columns;
  out->children = table->array_pointers;
  out->release = release_array;
  return 0;
}

static struct ArrowArrayStream stream_of(struct flowers* table) {
  struct ArrowArrayStream stream = {get_schema, get_next, no_error, release_stream, table};
  return stream;
}

static void check(manyshot_status status) {
  if (status == MANYSHOT_OK) return;
  fprintf(stderr, "error: %s\n", manyshot_last_error());
  exit(status);
}

static void print_note(int level, const char* message, void* user_data) {
  (void)user_data;
  fprintf(stderr, "%s: %s\n", level > 1 ? "warning" : "note", message);
}

static void print_predictions(const manyshot_task* task, struct flowers* queries) {
  struct ArrowArrayStream stream = stream_of(queries);
  manyshot_prediction* prediction = NULL;
  queries->is_read = 0;
  check(manyshot_predict(task, &stream, &prediction));
  const int64_t num_classes = manyshot_task_num_classes(task);
  for (int64_t row = 0; row < manyshot_prediction_num_rows(prediction); ++row) {
    printf("%s", manyshot_task_class(task, manyshot_prediction_labels(prediction)[row]));
    for (int64_t k = 0; k < num_classes; ++k)
      printf("  %s %.3f", manyshot_task_class(task, k),
             manyshot_prediction_probabilities(prediction)[row * num_classes + k]);
    printf("\n");
  }
  manyshot_prediction_free(prediction);
}

int main(int argc, char** argv) {
  static const double length[] = {1.4, 1.3, 1.5, 1.7, 4.7, 4.5, 4.9, 4.0}, width[] = {.2, .2, .3, .4, 1.4, 1.5, 1.5, 1.3};
  static const int32_t offsets[] = {0, 6, 12, 18, 24, 34, 44, 54, 64};
  static const char species[] = "setosasetosasetosasetosaversicolorversicolorversicolorversicolor";
  static const double new_length[] = {1.6, 4.4}, new_width[] = {.2, 1.4};
  struct flowers labelled = {.num_rows = 8, .num_columns = 3, .length = length, .width = width, .offsets = offsets, .text = species};
  struct flowers queries = {.num_rows = 2, .num_columns = 2, .length = new_length, .width = new_width};
  manyshot_task *task = NULL, *loaded = NULL;

  manyshot_set_log_function(print_note, NULL);
  struct ArrowArrayStream stream = stream_of(&labelled);
  check(manyshot_fit(&stream, "species", "{\"model\": \"default\", \"ensemble\": 4}", &task));
  print_predictions(task, &queries);
  if (argc > 1) {
    check(manyshot_save(task, argv[1]));
    check(manyshot_load(argv[1], &loaded));
    print_predictions(loaded, &queries);
  }
  manyshot_task_free(loaded);
  manyshot_task_free(task);
  return 0;
}
