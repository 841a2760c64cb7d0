// A kernel takes a widget's messages on the thread from which that widget sent last, and marks of JupyterLab tell it which
// that is, once the thread beside cells is there. Greet until the answer comes from there; where there is none, ten seconds.
const greet = (model) => {
  let left = 40;
  let waiting = false;
  const say = () => {
    waiting = false;
    try {
      model.send({ hello: true });
    } catch {
      left = 0; // The kernel was restarted meanwhile, and this screen has none any more.
    }
  };
  model.on("msg:custom", (message) => {
    if (message.welcome !== false || waiting || left === 0) return;
    left -= 1;
    waiting = true;
    setTimeout(say, 250);
  });
  say();
};
