/* litmus: MP+script
   title: Message passing as a script
   about: The same question in the other form. Declarations, then one function for each agent.
   exists: r0 === 1 && r1 === 0
   race-free: no
   sequential: no
   on-x86: no
   why: Nothing connects the two cells. See mp.yaml.
   see: ["ECMA-262, Memory Model"]
*/
const data = new Int32Array(new SharedArrayBuffer(4));
const flag = new Int32Array(new SharedArrayBuffer(4));

function writer() {
  data[0] = 1;
  flag[0] = 1;
}

function reader() {
  const r0 = flag[0];
  const r1 = data[0];
}
