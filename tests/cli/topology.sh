#!/bin/sh
# heddle topology and heddle can-share: who is where, by which rule, and what follows.
. "$(dirname "$0")/harness.sh"

cat >web.yaml <<'END'
title: Two sites
origins: {app: https://app.example, ads: https://ads.example}
resources:
  app:/:
    html: |
      <iframe name="ad" src="https://ads.example/"></iframe>
      <iframe name="own" src="/frame"></iframe>
      <script>new Worker("/worker", { name: "worker" })</script>
    headers: {Cross-Origin-Opener-Policy: same-origin, Cross-Origin-Embedder-Policy: require-corp}
  app:/frame: {html: "", headers: {Cross-Origin-Embedder-Policy: require-corp}}
  app:/worker: {script: "0", headers: {Cross-Origin-Embedder-Policy: require-corp}}
  ads:/: {html: "", headers: {Cross-Origin-Embedder-Policy: require-corp, Cross-Origin-Resource-Policy: cross-origin}}
windows:
  page: {url: app:/}
  plain: {url: ads:/}
END

expect 'text' 0 'cluster 1 · https://app.example · keyed by origin · isolation concrete' 'page · window · \[\[CanBlock\]\] false' \
    'because R-AG-11.2' 'worker · dedicated-worker · \[\[CanBlock\]\] true' 'R-AG-20' 'realm own' 'realm ad .*shares no memory' -- topology web.yaml
expect 'json' 0 '"isolation": "concrete"' '"name": "ad"' '"rule": "R-AG-11.1' -- topology web.yaml --json
expect 'dot' 0 '^graph topology' 'subgraph cluster_1 ' 'label="worker"' -- topology --dot web.yaml
expect 'yes' 0 '^yes: page and worker are in cluster 1' -- can-share web.yaml page worker
expect 'one agent' 0 'even in one agent' -- can-share web.yaml page own
expect 'another cluster' 1 '^no: page is in cluster 1 and ad in cluster [23], .*messageerror \(R-SAB-10\)' -- can-share web.yaml page ad
expect 'not isolated' 1 '^no: plain is not cross-origin isolated, .*DataCloneError .*R-SAB-01' -- can-share web.yaml plain page
expect 'nobody' 2 "nobody is called 'moon'; there are: .*page" -- can-share web.yaml page moon
expect 'no scenario' 2 'a scenario is missing' -- topology
expect 'missing file' 3 'nothing.yaml' -- topology nothing.yaml
expect 'names missing' 2 'takes a scenario and two names' -- can-share web.yaml page

sed '/^windows/,$d' web.yaml >wrong.yaml
cat >>wrong.yaml <<'END'
windows: {page: {url: app:/}}
expect:
  topology:
    same_agent: [[page, ad]]
    same_cluster: [[page, moon]]
    not_isolated: [page]
END
expect 'expectations' 1 'expected  page and ad in the same agent' 'ad: cluster [23], agent [23]' \
    'expected  a window, frame or worker named moon' 'expected  page not isolated' -- run wrong.yaml

# shows R-OR-09, R-AG-21
cat >worklet.yaml <<'END'
title: A worklet
files: {painter.js: "registerPaint('wall', class { paint() {} })"}
windows: {page: "CSS.paintWorklet.addModule('painter.js')"}
END
expect 'a worklet' 0 '"name": "paint-worklet-1"' '"origin": "null"' '"rule": "R-AG-21' -- topology worklet.yaml --json
finish
