/* The camera reads the code of a vial: what the page can do itself is done by the browser's own
   BarcodeDetector; where there is none (tablets of one maker, most desks) a decoder is loaded, and
   only when somebody presses the button. Pictures never leave the device. */
(function () {
  "use strict";
  const button = document.querySelector("[data-camera]");
  const dialog = document.getElementById("camera-dialog");
  const video = document.getElementById("camera-view");
  const scan = document.querySelector("[data-scan]");
  const send = document.getElementById("scan-send");
  if (!button || !dialog || !scan || !navigator.mediaDevices?.getUserMedia) return;
  const SIDE = 480;
  const PAUSE = 150;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  button.hidden = false;

  async function built_in() {
    const known = await window.BarcodeDetector?.getSupportedFormats().catch(() => []);
    if (!known?.includes("data_matrix")) return null;
    const formats = ["data_matrix", "code_128", "qr_code"].filter((one) => known.includes(one));
    const detector = new window.BarcodeDetector({ formats });
    return async () => (await detector.detect(video).catch(() => []))[0]?.rawValue || "";
  }

  function load(address) {
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = address;
      script.addEventListener("load", () => done(window.ZXing));
      script.addEventListener("error", () => { script.remove(); failed(new Error(address)); });
      document.head.append(script);
    });
  }

  /* the middle of what the camera sees, in grey, `SIDE` by `SIDE` */
  function frame() {
    const side = 0.8 * Math.min(video.videoWidth, video.videoHeight);
    if (!side) return null;
    brush.drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, SIDE, SIDE);
    const { data } = brush.getImageData(0, 0, SIDE, SIDE);
    const grey = new Uint8ClampedArray(SIDE * SIDE);
    for (let at = 0; at < grey.length; at += 1) grey[at] = (data[4 * at] * 77 + data[4 * at + 1] * 151 + data[4 * at + 2] * 28) >> 8;
    return grey;
  }

  /* every second dot: finds large codes, whose edges are soft */
  function halved(grey) {
    const small = new Uint8ClampedArray(grey.length / 4);
    for (let at = 0; at < small.length; at += 1) {
      const from = 2 * Math.floor(at / (SIDE / 2)) * SIDE + 2 * (at % (SIDE / 2));
      small[at] = (grey[from] + grey[from + 1] + grey[from + SIDE] + grey[from + SIDE + 1]) >> 2;
    }
    return small;
  }

  async function loaded() {
    const zxing = window.ZXing || (await load(button.dataset.decoder));
    const matrix = new zxing.DataMatrixReader();
    const bars = new zxing.Code128Reader();
    const read = (reader, grey, side, Binarizer) => {
      const source = new zxing.RGBLuminanceSource(grey, side, side);
      try { return reader.decode(new zxing.BinaryBitmap(new Binarizer(source)), null).getText(); } catch { return ""; }
    };
    return async () => {
      const grey = frame();
      if (!grey) return "";
      return read(matrix, grey, SIDE, zxing.GlobalHistogramBinarizer)
        || read(matrix, halved(grey), SIDE / 2, zxing.GlobalHistogramBinarizer)
        || read(bars, grey, SIDE, zxing.HybridBinarizer);
    };
  }

  async function watch(look) {
    while (dialog.open) {
      const code = await look();
      if (code && dialog.open) {
        dialog.close();
        scan.value = code;
        send.click();
        return;
      }
      await new Promise((go) => { window.setTimeout(go, PAUSE); });
    }
  }

  button.addEventListener("click", async () => {
    const told = (words) => window.mesoclinic.toast(words, "stop");
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } } });
    } catch { told(button.dataset.textRefused); return; }
    dialog.addEventListener("close", () => stream.getTracks().forEach((track) => track.stop()), { once: true });
    video.srcObject = stream;
    dialog.showModal();
    try {
      await video.play();
      await watch((await built_in()) || (await loaded()));
    } catch {
      dialog.close();
      told(button.dataset.textFailed);
    }
  });
})();
