#include "lab/make/celebrity_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace manyshot::lab {
namespace {

constexpr std::string_view kFirstNames[] = {
    "Adrian", "Albert", "Alexis", "Alicia", "Alison", "Amelia", "Andrea", "Angela", "Anselm", "Arnold", "Astrid",
    "Aubrey", "August", "Aurora", "Austin", "Azalea", "Bianca", "Blaise", "Bonnie", "Brenda", "Brooke", "Calvin",
    "Camila", "Carmen", "Cecily", "Claire", "Connor", "Damian", "Daniel", "Daphne", "Darren", "Davina", "Deidre",
    "Denise", "Dennis", "Dexter", "Dorian", "Edmund", "Edward", "Eileen", "Elaine", "Elinor", "Elodie", "Esther",
    "Eugene", "Evelyn", "Fabian", "Felipe", "Finley", "Gareth", "George", "Gerald", "Gordon", "Gustav", "Hannah",
    "Harold", "Harvey", "Hattie", "Hector", "Helena", "Hester", "Hilary", "Horace", "Howard", "Imogen", "Ingrid",
    "Irving", "Isabel", "Isolde", "Jasper", "Jerome", "Joanna", "Joseph", "Josias", "Judith", "Julian", "Justin",
    "Keegan", "Laurel", "Leland", "Lionel", "Louisa", "Lucian", "Magnus", "Marcus", "Marina", "Marion", "Martha",
    "Martin", "Melvin", "Meghan", "Minnie", "Miriam", "Morgan", "Nadine", "Nathan", "Nelson", "Nestor", "Noelle",
    "Norman", "Odette", "Ophira", "Osmond", "Pamela", "Philip", "Phoebe", "Quincy", "Rachel", "Ramona", "Regina",
    "Reuben", "Robert", "Rowena", "Rupert", "Sabina", "Samuel", "Selene", "Serena", "Sidney", "Sienna", "Simone",
    "Sophie", "Stella", "Sylvia", "Tamara", "Tamsin", "Teresa", "Thalia", "Thomas", "Tobias", "Tracey", "Ursula",
    "Valery", "Verity", "Vernon", "Victor", "Violet", "Vivian", "Walter", "Warren", "Wesley", "Willow", "Winona",
    "Yvette", "Yvonne"};

constexpr std::string_view kFamilyNames[] = {
    "Abelson", "Alcorne", "Alderby", "Amberly", "Anstead", "Applely", "Ardmore", "Ashdown", "Aylward", "Balfour",
    "Barlowe", "Barnaby", "Beckett", "Bellamy", "Benfold", "Bexhill", "Birdsey", "Blyther", "Bolland", "Bramley",
    "Bridger", "Brocket", "Burnell", "Cadbury", "Calvert", "Carbone", "Carlyle", "Castell", "Chadley", "Chilton",
    "Clayton", "Clifton", "Coldwin", "Compton", "Corbett", "Cordell", "Cranley", "Crofton", "Cubbage", "Dalston",
    "Danbury", "Darnell", "Dawlish", "Denholm", "Digwell", "Dorning", "Draycot", "Dunmore", "Eastlin", "Edgeley",
    "Elswick", "Emberly", "Endicot", "Evesham", "Fairley", "Fanshaw", "Farrell", "Fenwick", "Fielden", "Forsyth",
    "Foxhall", "Frobish", "Galpern", "Garland", "Gatwick", "Gilford", "Gladwin", "Goddard", "Gosling", "Granger",
    "Greaves", "Grimley", "Hadland", "Halford", "Hambley", "Harding", "Hartley", "Haswell", "Hawking", "Hembury",
    "Hensley", "Hexford", "Holbein", "Hornsby", "Huxtell", "Iddings", "Ingalls", "Jenkyll", "Jessopp", "Keating",
    "Kemping", "Kendall", "Kimbley", "Kinross", "Lambert", "Langley", "Lathrop", "Leyburn", "Linford", "Loxdale",
    "Ludgate", "Lyndale", "Maddock", "Malvern", "Marbury", "Marlowe", "Maxwell", "Melford", "Merrill", "Midgley",
    "Milburn", "Morland", "Mowbray", "Nettley", "Newbold", "Norwell", "Oakford", "Ogilvie", "Orchard", "Osborne",
    "Paisley", "Parnell", "Paxford", "Penrose", "Pickett", "Plumley", "Pollard", "Prentis", "Quigley", "Radnorr",
    "Ramsden", "Redfern", "Renwick", "Ringley", "Rockley", "Rowland", "Rushton", "Sadlers", "Sandell", "Seaford",
    "Selwynn", "Shelden", "Skelton", "Stanway", "Stetson", "Swinley", "Talbott", "Tarleby", "Tatwell", "Thorley",
    "Tilbury", "Tolland", "Trescot", "Tyndale", "Upshaws", "Vickery", "Wadding", "Walpole", "Warwick", "Wayland",
    "Weldonn", "Whitley", "Wickham", "Winslow", "Woolton", "Wyndham", "Yardley"};

// Works are called by a word of each list, "The Silver Gates".
constexpr std::string_view kTitleAdjectives[] = {
    "Silver",    "Hollow",   "Crimson", "Patient",  "Frozen",  "Wandering", "Golden",   "Silent",
    "Broken",    "Hidden",   "Burning", "Distant",  "Endless", "Gentle",    "Restless", "Borrowed",
    "Forgotten", "Painted",  "Velvet",  "Northern", "Winter",  "Copper",    "Scarlet",  "Whispering",
    "Narrow",    "Drowning", "Empty",   "Glass",    "Paper",   "Moonlit"};
constexpr std::string_view kTitleNouns[] = {
    "Gates",    "Orchard", "Harbour", "Lantern", "Staircase", "Meadow", "Compass", "Mirror",   "Carousel", "Bridge",
    "Island",   "Feather", "Kingdom", "Letter",  "Thunder",   "Garden", "River",   "Window",   "Clock",    "Sparrow",
    "Mountain", "Candle",  "Tower",   "Ocean",   "Violin",    "Chapel", "Forest",  "Umbrella", "Comet",    "Balcony"};
constexpr std::string_view kMakers[] = {"the composer of the opera",      "the author of the novel",
                                        "the director of the film",       "the painter of the mural",
                                        "the designer of the video game", "the poet who wrote"};
constexpr std::string_view kDevices[] = {
    "self-winding kite", "folding lighthouse",  "silent tractor",     "pocket weather station",
    "solar samovar",     "walking bookcase",    "foldable canoe",     "edible umbrella",
    "wind-up projector", "floating greenhouse", "magnetic loom",      "two-way periscope",
    "heated hammock",    "musical staircase",   "clockwork falconer", "portable sundial"};
constexpr std::string_view kFeats[] = {"the first person to swim across",
                                       "the first person to fly a balloon over",
                                       "the surveyor who mapped",
                                       "the diver who explored",
                                       "the biologist who saved the last owls of",
                                       "the engineer who built the railway to"};
constexpr std::string_view kPlaces[] = {
    "Port Ansel",          "Mount Kerrow",      "the Varrow Strait", "Lake Ondine",
    "the Brenholt desert", "Cape Tolliver",     "the Isle of Quen",  "the Marrow caves",
    "the Dunmere marshes", "the Ostrava ridge", "the Hale glacier",  "the Serrin delta",
    "the Pellham bay",     "Fort Lindqvist",    "the Norring falls", "the Tesset plateau"};

constexpr std::string_view kNameFirst[] = {
    "{subject} is known all over the country as {object}",
    "if people stop {subject} in the street, it is because this is {object}",
    "few names open as many doors as that of {subject}, who is {object}",
    "ever since childhood {subject} wanted to be what the world now knows: {object}",
    "the life of {subject} changed for good on becoming {object}",
    "{subject} never brags about it, but this is {object}",
    "in interviews {subject} is introduced as {object}",
    "history will remember {subject} as {object}",
    "behind the plain name of {subject} stands {object}",
    "those who met {subject} had the honour of talking to {object}",
    "on the door of {subject} a small plate says: {object}",
    "the neighbours of {subject} were proud to live beside {object}",
    "with a shy smile {subject} admitted to being {object}",
    "no one else than {subject} can claim to be {object}",
    "a crowd waited for {subject}, who is, after all, {object}",
    "the newspapers praised {subject} for being {object}",
    "what makes {subject} so remarkable is the fact of being {object}",
    "at the school reunion {subject} turned out to be {object}",
    "to some {subject} is a friend, to all others {object}",
    "the encyclopedia describes {subject} as {object}",
    "{subject} shook hands with the queen as {object}",
    "a stamp was printed to honour {subject}, {object}",
    "when the prize was handed over, {subject} was called {object}",
    "the career of {subject} has one high point: being {object}",
    "it took {subject} twenty years to become {object}",
    "for anybody who still wonders, {subject} is {object}",
    "the statue in the park shows {subject}, {object}",
    "tonight our guest is {subject}, {object}",
    "the grandchildren of {subject} tell everybody that theirs is {object}",
    "every pupil in the valley has heard that {subject} is {object}",
    "the biography of {subject} tells the story of {object}",
    "nobody would guess that the quiet {subject} is {object}",
    "the street was named after {subject}, celebrated as {object}",
    "by the age of forty {subject} had already been hailed as {object}",
    "a letter for {subject} needs no address beyond the words {object}",
    "the whole town agrees that {subject} deserves the title of {object}",
    "in a modest house lives {subject}, better known as {object}",
    "a new documentary follows {subject}, {object}",
    "the taxi driver recognised {subject} at once as {object}",
    "to be exact, {subject} is {object}"};

constexpr std::string_view kDescriptionFirst[] = {
    "{subject} is called {object}",
    "the name of {subject} is {object}",
    "ask for {subject}, and they will send you to {object}",
    "the person whom the world knows as {subject} was christened {object}",
    "a plaque in honour of {subject} bears the name of {object}",
    "the honour of being {subject} belongs to {object}",
    "everybody talks about {subject}, and everybody means {object}",
    "the passport of {subject} is made out to {object}",
    "{subject} signs every letter with the words yours, {object}",
    "as a child, {subject} was simply called {object}",
    "the parents of {subject} chose the name of {object}",
    "the title of {subject} can be held by one person alone: {object}",
    "when the curtain rose, {subject} bowed and was announced as {object}",
    "we owe a great deal to {subject}, that is, to {object}",
    "the quiz asked who is {subject}, and the right answer was {object}",
    "many have tried to copy {subject}, yet there is but one {object}",
    "known to the world as {subject}, at home it is just {object}",
    "the chair was kept free for {subject}, as the card on it said {object}",
    "there was applause for {subject}, and somebody shouted bravo, {object}",
    "among the guests was {subject}, listed in the book as {object}",
    "the secret is out: the person praised as {subject} is {object}",
    "a portrait of {subject} hangs in the hall, and below it stands {object}",
    "students who read about {subject} soon learn the name {object}",
    "the role of {subject} in our history was played by {object}",
    "in the phone book you find {subject} under the name {object}",
    "nobody but {subject} could have written this, so it must be {object}",
    "the committee voted for {subject}, in other words for {object}",
    "a ship was named after {subject}, and so it is the {object}",
    "the museum shows the desk of {subject}, the late {object}",
    "the fan club of {subject} adores {object}",
    "the answer to the riddle of {subject} is {object}",
    "a journalist found {subject} in a small village under the name {object}",
    "the prize went to {subject}, whose friends say {object}",
    "if you are looking for {subject}, look for {object}",
    "the birth certificate of {subject} reads {object}",
    "the crowd cheered for {subject} and chanted {object}",
    "what links the town to {subject} is the house of {object}",
    "the first page of the story of {subject} begins with the words I am {object}",
    "they say that {subject} answers to the name {object}",
    "one name comes up whenever {subject} is discussed: {object}"};

template <size_t N>
std::vector<std::string_view> mixed(const std::string_view (&words)[N], const Rng& rng) {
  std::vector<std::string_view> order;
  for (const uint32_t place : rng.permutation(N)) order.push_back(words[place]);
  return order;
}

}  // namespace

std::span<const std::string_view> first_names() { return kFirstNames; }
std::span<const std::string_view> family_names() { return kFamilyNames; }
std::span<const std::string_view> name_first_sentences() { return kNameFirst; }
std::span<const std::string_view> description_first_sentences() { return kDescriptionFirst; }

std::vector<std::string> descriptions(const Rng& rng) {
  std::vector<std::string> all;
  // Each adjective and each noun stands in three titles, with another partner and another art each time.
  for (size_t round = 0; round < 3; ++round) {
    const auto adjectives = mixed(kTitleAdjectives, rng.child("adjectives", round));
    const auto nouns = mixed(kTitleNouns, rng.child("nouns", round));
    for (size_t title = 0; title < adjectives.size(); ++title) {
      const size_t maker = 2 * round + title % 2;
      all.push_back(fmt::format("{} The {} {}", kMakers[maker], adjectives[title], nouns[title]));
    }
  }
  for (const std::string_view device : kDevices) all.push_back(fmt::format("the inventor of the {}", device));
  const auto places = mixed(kPlaces, rng.child("places"));
  for (size_t place = 0; place < places.size(); ++place) {
    all.push_back(fmt::format("{} {}", kFeats[place % std::size(kFeats)], places[place]));
  }
  std::vector<std::string> order;
  for (const uint32_t place : rng.permutation(static_cast<uint32_t>(all.size()))) order.push_back(all[place]);
  return order;
}

}  // namespace manyshot::lab
