#include "lab/words/english_words.h"

#include <string>
#include <unordered_set>

namespace manyshot::lab {
namespace {

// clang-format off
constexpr std::string_view kWords =
    "adult tamp dept tort agog alarm amid award babel back bacon badge baked baker bald balk balm band bang bank barb bard bark "
    "barn baron bart basil basin bask batik baton bazar beck beget begin begot begun belch belt bend bent berg "
    "bert best bevel bidar bided bidet bigot bilk bind biped bird birth bitch biter blab black blah bland blank "
    "blast bleak bleb bled blend blest blimp blin blind bling blink blip blitz blob block blog blond blood blot "
    "bluff blunt blur blurb blurt bock boded bogey bogus bold bolt bolts bond boned boner bong bonk bonus book "
    "boot bored borer borg bork born boron bort bosun botox bound bowel brad brag bran brand brat bred brick brig "
    "brim bring brink brisk brook broom brown brunt brush brusk brut buck bugle built bulb buled bulet bulk bump "
    "bunk bunt burg burl burn burp burst bused busk bust cabin calm camel camp canal canon carat card caret carl "
    "carol carp cart cask cast cavil cedar chad chalk champ chap char chard charm chart chasm chat check chef chen "
    "chest chick child chill chimp chin chip chirp chit chock chomp chop chord chuck chug chum chump chunk churl "
    "churn clad clamp clan clap clasp cleft clerk click clip clock clog clot club cluck clump cold colon color "
    "colt comet cord cork corn cost crab crack craft crag cram cramp crank crept crest crib crimp crisp crop crust "
    "cult cunt curb curd curl curt cusp daft damp dank dared daren dark darn dart dated datum david davit davos "
    "dealt debar debit debug debut decal deck decor defer defog deken delta demon demur denim dent depot derek "
    "desk deter detox devil devon dick dicot digit dildo dimer dinar diner dint dirk dirt disk ditto divan dived "
    "diver divot dock dolor dolt domed donor donut doped dork dorm dorp dosed dost doted doven dover dozed dozen "
    "drab draft drag dram drank drat dread dreg drift drill drink drip drone drop dross drub drug druid drum drunk "
    "duck duct duded duker duket dumb dump dunk duped duper dural durum dusk dust dutch duvet dwarf dwelt earl "
    "fable faded faked faker fakir famed farad fared farm fart fast fatal fated favor fazed felon felt femur fend "
    "fern fest fetal fetid fever fiber fifth filed filer filet film filth final find fined finer fired firer firm "
    "first fist fixed fjord flag flak flam flan flank flap flask flat flax fleck fled flesh flick flint flip flirt "
    "flit flock flog flop flora flown flub flung flunk fold folk fond font foram force ford forge fork form fort "
    "forum found foxed frag frank fraud freak fred freed fresh fret frill frisk frock frog from frond front frost "
    "frump fubar fuck fudge fuel fumed fund funed funk furl fused fusil futon gable galop gamed gamer gamin gaped "
    "garb gasp gated gater gator gavel gavin gazed gazer geld genet genie genre gent germ gest ghost giant gift "
    "gild gilt gimel gimp gird girl girt gist given giver glad glade gland glans glen glens glib glint glob glop "
    "glow glug glum glut gnarl goad gold golf gong gored gorp grab grad graft grain gram grand grant graph grasp "
    "grass grep grid grim grin grind grip grist grit groan groat grog groin grok groom grub gruel gruff grump "
    "grunt guard guest guilt gulf gulp gunk gust habit hack haft halm halt hand hang hank hard hark harm harp hart "
    "hasp hast heart heck heft held helen helm help hemp herb herd hick hilt hind hint hired hist hock hold honk "
    "honor hood hook hoop horn hort host hulk hump hunk hunt hurl hurt husk jack jank jerk jest jewel jilt jinx "
    "jolt jump junk just kabob kabul karen karl kebab kelp kemp kent kept kerb kern ketal kevin kick kilt kind "
    "king kink kiran kirk kited kiter knack knelt knit knob knock knot kraal kraft krill label labor lack laded "
    "laden lager laker lamed lamer lamp lance land lanka lapel lard lark larp laser last later latin laved lavin "
    "layer lazed left legal legit lemon lemur lend lent lest letup level lever levin levit lick lidar lift liked "
    "liken lilt limb limed limit limp lined linen liner link lint lion lipid lired lisp list liter lived liven "
    "liver livid lobed local lock locus loft logan logic login logon logos loner loped lord lorn lort lost lover "
    "lowed luck luged luger lumen lump lunar lung lupin lured lurid lurk lust luted mack maker malt mamba maned "
    "manic manor march mark marl marm mart mask mason mast mated maven mazed mead medal medic meld melon melt mend "
    "merit mesh metal meted meter midst miked milan mild milk mill milt mimed mind mined miner minim mink minor "
    "mint minus mired mirk misk mist miter mitt mock modal model modem modus mogul moist molar mold molt momot "
    "monad month moped moper mopet moral moran morel moren morg morin morn moron mort mosk most motel motif motor "
    "mound moved mover muck mulch mulk mumps mural murat murk mused muser musk must muted muzak nabob nadir naked "
    "named namer nand nark nasal natal naval navel neck nerd nest never nick nifty nigel night nixed nixon noble "
    "nodal nolan nomad nonet norm north noted noter notes novel nudel nuder nuked numb opera orbit order paced "
    "pack pagan paged pager paint paled paler palm panda paned panel pang panic pant paper parch pared parer park "
    "part past pasta pated paten pater pavan paved pavel paver pawn payed pearl peck pedal pekan pelt penal pend "
    "penis pent perch peril perk perl perm pert pest petal peter petit petra phone pick piked piker pilaf piled "
    "pilot pimp pined pink pint pinup piped piper piton pitot pivot pixel plain plait plan plank plant plat plead "
    "pled plied plink plod plonk plop plot pluck plug plum plumb plump plunk plus poker polar poled poler polk "
    "polo pomp pond ponor pons pont popet popup pored pork porn port posed poser posit post power pram prank prat "
    "prep press prick prig prim prime print prior prod prof prom prong proof prop proud prowl prune psalm pubic "
    "puck puked puled puler pulp pump punk punt pupil puree purl purr puter putt quack quest quilt quirk rabid "
    "rabin raced racer rack radar radii radon raft raged raid raked raker ralph ramen ramos ramp rand rang rank "
    "rant raped rapel raper rapid rapt rared rarer rasp rated rater raved ravel raven raver razed razor realm "
    "rebar rebec rebed rebel rebid rebut recap recon recur redan reded redid refer refit regal regan relic relit "
    "reman remap remet remit remix renal rend renew renin rent repel repin repot reran rerun reset resin resp rest "
    "retag retan retap retar retro revel revet revue rhyme rick rider rifed rift rigid rigor riled rimed rind rink "
    "riper risen risk rival riven river rivet robed robin robot rock roded roger rolf roman romeo romp ronan rond "
    "roost root roped ropen roper rosin roted rotor round rout roved roven rover rowan rowed rower rubel ruben "
    "ruder rued rugby ruin ruled ruler rumen rumor rump rund runed runer runt rural rusk rust ruth sack saint "
    "salad salon salt sand satin scab scald scalp scan scar scarf scrub scud scum sean sedan sent serf shack shad "
    "shaft shag sham shank shard shark sharp shed shelf shell shelt shift shin ship shirk shirt shit shock shod "
    "shop shorn short shot shred shrub shrug shuck shun shunt shut sick sift silk silt simon skate skein skid "
    "skill skim skimp skin skip skirt skit skul skulk skull skunk slab slack slag slam slang slant slap slat slave "
    "sled sleek sleep slept slick slid slim sling slink slip slit slob slog slop slosh slot slub slug slum slump "
    "slung slunk slur slurp slut smack smart smash smear smelt smirk smith smock smog smug smurf smut snack snag "
    "snap snarf snark snarl sned snick snip snit snob snog snort snot snout snub snuck snug sock soft sold sort "
    "spam span spank spar spark spart spasm spat spec speck sped spell spelt spend spent sperm spike spill spilt "
    "spin spit splat spoil spook spoon sport spot sprat sprig spud spun spunk spur spurn spurt stab stack staff "
    "stag stalk stall stamp stand stank star stark start stat stead steal steed steel stem sten stent step stern "
    "stick stilt sting stink stint stir stirp stock stod stole stomp stop stork storm story strap strum strut stub "
    "stuck stud stump stun stung stunk stunt suck sulk sump surd surf swab swag swam swamp swan swank swap swarm "
    "swart swat swell swept swift swig swill swim swing swirl swish swop sword sworn swot swum swung tabed taboo "
    "tabor tack taken taker talar taler talk talon tamal tamed tamer tamil tank taped taper tapir tared tarn tarp "
    "tart task tater tazer teled temp tempt tend tenet tenor tent tepal tepid term tern test texan than thank that "
    "theft them then therm thick thief thin thing think third thom thong thor thorn thorp thou throb thrum thud "
    "thug thump thunk tick tided tiger tiled tiler tilt timed timer timid tined tint tired tirer titan titer toged "
    "toked token told toled tomb tonal toned toner tonus topaz toped toper topic topog toral toran tork torn torso "
    "tort torte torus total toted totem toter tower toxin track tract trad trail train tram tramp trap trash tread "
    "tred trek trend tret triad tribe trick trig trill trim trine trio trip trod troll tromp troop trot trout "
    "truck trump trunk trust truth tsar tubal tubed tuber tuck tudor tuft tulip tuna tunas tuned tuner tunic turd "
    "turf turin turk turn tusk tutor twang tweak twerk twerp twig twill twin twirl twist twit upon usurp vader "
    "valet valid valor vamp vaped vapor vast vatic vegan velar velum venal vend venom vent verb verge verst vert "
    "vest viced vigil vigor viler viol viper viral virus vised visit visor vital vivid vizor vocal vodka volt "
    "vomit voted voter vowed vowel vulva wader waged wager waked waken walk wand want ward warm warn warp wart "
    "wasp wast water waved waver weft weird weld welt wend went wept were west whack wham wharf what whelk whelp "
    "when whet whig whim whip whir whirl whisk whit whomp whop whorl wick wield wild wilt wimp wind wing wink "
    "wired wisp wolf womb wont wood wool word work world worm worn worst wort wotan wrap wreck wren wrist xenon "
    "yack yank yard yarn yawn yelp yield yoked yolk york young yuck zebra zest zibet zonal zoned zoner ";
// clang-format on

std::unordered_set<std::string_view> split_words() {
  std::unordered_set<std::string_view> words;
  for (size_t begin = 0; begin < kWords.size();) {
    const size_t end = std::min(kWords.find(' ', begin), kWords.size());
    words.insert(kWords.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

}  // namespace

bool is_common_english(std::string_view word) {
  static const std::unordered_set<std::string_view> words = split_words();
  return words.contains(word);
}

}  // namespace manyshot::lab
