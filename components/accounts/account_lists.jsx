import React, { useCallback, useEffect, useState } from "react";
import { ActionForm, UNREACHABLE, call, post } from "./parts.jsx";

const day = (text) => new Date(text).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });

function ago(text) {
  const minutes = Math.max(0, Math.round((Date.now() - new Date(text)) / 60000));
  if (minutes < 2) return "now";
  if (minutes < 90) return `${minutes} min ago`;
  return minutes < 60 * 36 ? `${Math.round(minutes / 60)} h ago` : day(text);
}

// "Firefox on Linux" out of what a browser calls itself; good enough to tell one's own devices apart.
function deviceName(agent) {
  const find = (pairs) => pairs.find(([pattern]) => pattern.test(agent))?.[1];
  const browser = find([[/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrom(e|ium)\//, "Chrome"], [/Safari\//, "Safari"]]);
  const system = find([[/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Windows/, "Windows"], [/Mac OS X/, "macOS"], [/Linux/, "Linux"]]);
  return [browser ?? "A browser", system].filter(Boolean).join(" on ");
}

export function Devices({ say, Section }) {
  const [sessions, setSessions] = useState([]);
  const load = useCallback(async () => {
    const answer = await call("GET", "/api/auth/sessions").catch(() => ({}));
    if (answer.ok) setSessions(answer.data.items);
  }, []);
  useEffect(() => {
    load();
  }, [load]);
  const end = async (path, text) => {
    try {
      const answer = await call("DELETE", path);
      say(answer.ok ? text : answer.problem?.detail || UNREACHABLE);
    } catch {
      say(UNREACHABLE);
    }
    load();
  };
  const others = sessions.filter((one) => !one.current);
  return (
    <Section id="devices" title="Where you are signed in">
      <ul className="account-list" aria-label="Sessions">
        {[...sessions].sort((a, b) => b.current - a.current).map((one) => (
          <li key={one.id} className="account-line">
            <div>
              <p>{deviceName(one.device)}{one.current && <span className="tag">this one</span>}</p>
              <p className="field-hint">{one.address} · used {ago(one.last_used_at)} · since {day(one.started_at)}</p>
            </div>
            {!one.current && (
              <button type="button" className="button" aria-label={`End: ${deviceName(one.device)}, since ${day(one.started_at)}`} onClick={() => end(`/api/auth/sessions/${one.id}`, "That device is signed out.")}>
                End
              </button>
            )}
          </li>
        ))}
      </ul>
      {others.length > 1 && (
        <div className="account-row">
          <button type="button" className="button" onClick={() => end("/api/auth/sessions", "All other devices are signed out.")}>End all others</button>
        </div>
      )}
    </Section>
  );
}

const SCOPES = [
  ["read", "Read", "look up hands, solutions, boards"],
  ["train", "Train", "play hands and answer decisions"],
  ["solve", "Solve", "start and cancel solves"],
];
const ADMIN_SCOPE = ["admin", "Administer", "users, jobs, audit"];

function NewToken({ me, onDone, onCancel }) {
  const [scopes, setScopes] = useState(["read"]);
  const toggle = (name) => () => setScopes((before) => (before.includes(name) ? before.filter((one) => one !== name) : [...before, name]));
  const offered = me.role === "admin" ? [...SCOPES, ADMIN_SCOPE] : SCOPES;
  return (
    <ActionForm
      label="New personal token"
      fields={[
        { name: "name", label: "What is it for?", maxLength: 60, autoComplete: "off" },
        { name: "days", label: "Works for", options: [["7", "7 days"], ["30", "30 days"], ["90", "90 days"], ["365", "a year"]] },
      ]}
      initial={{ days: "90" }}
      submit="Make the token"
      send={({ days, ...sent }) => post("/api/auth/tokens", { ...sent, days: Number(days), scopes })}
      onDone={onDone}
      onCancel={onCancel}
    >
      <fieldset className="account-scopes">
        <legend>It may</legend>
        {offered.map(([name, label, note]) => (
          <label key={name} className="account-check">
            <input type="checkbox" checked={scopes.includes(name)} onChange={toggle(name)} />
            <span>{label} <span className="field-hint">{note}</span></span>
          </label>
        ))}
      </fieldset>
    </ActionForm>
  );
}

export function PersonalTokens({ me, say, Section }) {
  const [tokens, setTokens] = useState([]);
  const [making, setMaking] = useState(false);
  const [fresh, setFresh] = useState(null);
  const [copied, setCopied] = useState(false);
  const load = useCallback(async () => {
    const answer = await call("GET", "/api/auth/tokens").catch(() => ({}));
    if (answer.ok) setTokens(answer.data);
  }, []);
  useEffect(() => {
    load();
  }, [load]);
  const revoke = async (id) => {
    const answer = await call("DELETE", `/api/auth/tokens/${id}`).catch(() => ({}));
    say(answer.ok ? "The token is worth nothing now." : answer.problem?.detail || UNREACHABLE);
    if (fresh?.id === id) setFresh(null);
    load();
  };
  return (
    <Section id="tokens" title="Personal tokens">
      <p className="field-hint">
        For scripts: send one as <code>Authorization: Bearer …</code> to the <a href="/api/docs">API</a>. None of them can change your account.
      </p>
      {fresh && (
        <div className="account-codes" role="group" aria-label="New token">
          <p><strong>Copy it now; it is not shown again.</strong></p>
          <code className="account-secret">{fresh.token}</code>
          <div className="account-buttons">
            <button type="button" className="button button--primary" onClick={() => { navigator.clipboard?.writeText(fresh.token); setCopied(true); }}>
              {copied ? "Copied" : "Copy"}
            </button>
            <button type="button" className="button" onClick={() => setFresh(null)}>Done</button>
          </div>
        </div>
      )}
      {tokens.length > 0 && (
        <ul className="account-list" aria-label="Personal tokens">
          {tokens.map((one) => (
            <li key={one.id} className="account-line">
              <div>
                <p>{one.name}</p>
                <p className="field-hint">
                  {one.scopes.join(", ")} · until {day(one.expires_at)} · {one.used_at ? `used ${ago(one.used_at)}` : "never used"}
                </p>
              </div>
              <button type="button" className="button" aria-label={`Revoke: ${one.name}`} onClick={() => revoke(one.id)}>Revoke</button>
            </li>
          ))}
        </ul>
      )}
      {making ? (
        <NewToken
          me={me}
          onDone={(answer) => { setFresh(answer.data); setCopied(false); setMaking(false); load(); }}
          onCancel={() => setMaking(false)}
        />
      ) : (
        <div className="account-row"><button type="button" className="button" onClick={() => setMaking(true)}>New token</button></div>
      )}
    </Section>
  );
}
