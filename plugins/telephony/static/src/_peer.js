// One party's audio: the microphone, and the connection to the media server.

const GATHER_LIMIT = 3000;
const WISHES = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } };

/** Why there is no audio; `reason` is denied, missing, busy, insecure or failed. */
export class AudioProblem extends Error {
  constructor(reason, cause) {
    super(reason, { cause });
    this.reason = reason;
  }
}

const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** The sound of the microphone. Raises `AudioProblem`. */
export async function openMicrophone() {
  // Browsers hide the microphone from pages that came over an open connection.
  if (!navigator.mediaDevices?.getUserMedia) throw new AudioProblem("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia(WISHES);
  } catch (error) {
    throw new AudioProblem(REASONS[error.name] ?? "failed", error);
  }
}

/** Lets go of the microphone. */
export function closeMicrophone(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}

/** What the browser says of the microphone without asking for it: granted, denied, prompt, or unknown. */
export async function microphonePermission() {
  try {
    return (await navigator.permissions.query({ name: "microphone" })).state;
  } catch {
    return "unknown";
  }
}

/** An audio connection. `onChange` is called whenever its state changes; `close` lets go of the microphone as well. */
export class Peer {
  constructor(iceServers, stream, onChange) {
    this.stream = stream;
    this.closed = false;
    this.connection = new RTCPeerConnection({ iceServers });
    this.audio = document.createElement("audio");
    this.audio.autoplay = true;
    this.audio.dataset.callAudio = "";
    document.body.append(this.audio);
    for (const track of stream.getAudioTracks()) this.connection.addTrack(track, stream);
    this.connection.addEventListener("track", (event) => this.#hear(event));
    this.connection.addEventListener("connectionstatechange", () => {
      this.#watchTransport(onChange);
      if (!this.closed) onChange(this.state);
    });
  }

  /** new, connecting, connected, disconnected, failed or closed. */
  get state() {
    const transport = this.connection.getSenders()[0]?.transport;
    return transport?.state === "closed" ? "closed" : this.connection.connectionState;
  }

  /** The offer for the server, with the addresses that were found in time: there is no channel to send later ones. */
  async offer() {
    await this.connection.setLocalDescription(await this.connection.createOffer());
    await this.#gathered();
    return this.connection.localDescription.sdp;
  }

  /** Takes the server's answer. */
  async answer(sdp) {
    await this.connection.setRemoteDescription({ type: "answer", sdp });
  }

  /** Sends silence in place of the microphone, or the microphone again. */
  set muted(muted) {
    for (const track of this.stream.getAudioTracks()) track.enabled = !muted;
  }

  close() {
    this.closed = true;
    this.connection.close();
    this.audio.srcObject = null;
    this.audio.remove();
    closeMicrophone(this.stream);
  }

  #hear(event) {
    this.audio.srcObject = event.streams[0] ?? new MediaStream([event.track]);
    this.audio.play().catch((error) => console.warn("The sound does not play yet:", error.message));
  }

  /** A server that hangs up closes the transport, of which the connection itself says nothing for a while. */
  #watchTransport(onChange) {
    const transport = this.connection.getSenders()[0]?.transport;
    if (!transport || transport === this.transport) return;
    this.transport = transport;
    transport.addEventListener("statechange", () => {
      if (!this.closed) onChange(this.state);
    });
  }

  #gathered() {
    const { connection } = this;
    return new Promise((resolve) => {
      if (connection.iceGatheringState === "complete") resolve();
      const timer = setTimeout(resolve, GATHER_LIMIT);
      connection.addEventListener("icegatheringstatechange", () => {
        if (connection.iceGatheringState !== "complete") return;
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
