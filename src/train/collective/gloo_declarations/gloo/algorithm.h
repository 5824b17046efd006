// See README.md in the folder gloo_declarations: nothing of it is used.
#pragma once
