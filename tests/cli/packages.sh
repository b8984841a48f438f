#!/bin/sh
# npm packages as Node finds them: exports with conditions, subpaths and patterns, module, main, CommonJS, nesting.
. "$(dirname "$0")/harness.sh"

package() { mkdir -p "node_modules/$1" && printf '%s\n' "$2" >"node_modules/$1/package.json"; }

package conditions '{"exports": {".": {"node": "./node.js", "import": "./esm.mjs", "require": "./common.cjs"},
    "./feature": "./lib/feature.mjs", "./parts/*": "./lib/*.mjs", "./parts/hidden/*": null}}'
mkdir node_modules/conditions/lib
echo 'export default "import";' >node_modules/conditions/esm.mjs
echo 'module.exports = "require";' >node_modules/conditions/common.cjs
echo 'export const feature = "feature";' >node_modules/conditions/lib/feature.mjs
echo 'export const part = "part";' >node_modules/conditions/lib/one.mjs
package modern '{"module": "m.mjs", "main": "c.js"}'
echo 'export default "module";' >node_modules/modern/m.mjs
echo 'exports.main = "main";' >node_modules/modern/c.js
package @scope/typed '{"type": "module", "main": "./index.js"}'
echo 'export default "typed";' >node_modules/@scope/typed/index.js
package bundled '{"module": "index.js", "main": "absent.js"}'
mkdir node_modules/bundled/parts
echo 'export { default } from "./parts"; import "./parts/side"; export { suffixed } from "./parts/suffixed.js";' >node_modules/bundled/index.js
echo 'export default "bundled";' >node_modules/bundled/parts/index.js
echo 'export {};' >node_modules/bundled/parts/side.js
echo 'export const suffixed = "suffixed";' >node_modules/bundled/parts/suffixed.js
package old '{"main": "lib"}'
mkdir node_modules/old/lib
echo 'exports.name = "old"; exports.inner = require("inner"); exports.other = require("./other"); exports.data = require("./data");' \
    >node_modules/old/lib/index.js
echo 'exports.late = () => require("./index").name;' >node_modules/old/lib/other.js
echo '{"answer": 42}' >node_modules/old/lib/data.json
mkdir -p node_modules/old/node_modules/inner
echo 'module.exports = function inner() { return "nested"; };' >node_modules/old/node_modules/inner/index.js

cat >all.js <<'END'
import conditions from "conditions";
import { feature } from "conditions/feature";
import { part } from "conditions/parts/one";
import modern from "modern";
import typed from "@scope/typed";
import bundled, { suffixed } from "bundled";
import old, { name, inner } from "old";
console.log(conditions, feature, part, modern, typed, bundled, suffixed, name, inner(), old.other.late(), old.data.answer);
for (const hidden of ["conditions/lib/one.mjs", "conditions/parts/hidden/x", "absent"])
  await import(hidden).catch(e => console.log("refused", hidden));
END
expect 'import' 0 'import feature part module typed bundled suffixed old nested old 42' 'refused conditions/lib/one.mjs' \
    'refused conditions/parts/hidden/x' 'refused absent' -- run all.js
cat >all.cjs <<'END'
console.log(require("conditions"), require("modern").main, require("old").inner(), module.exports === exports, __filename);
try { require("fs"); } catch (error) { console.log(error.code); }
END
expect 'require' 0 'require main nested true https://scenario.test/all.cjs' MODULE_NOT_FOUND -- run all.cjs
mkdir module && echo '{"type": "module"}' >module/package.json && echo 'console.log(this === undefined);' >module/main.js
expect 'type of the package' 0 true -- run module/main.js
finish
