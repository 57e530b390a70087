import React, { useCallback, useEffect, useState } from "react";
import { ActionForm, OWN_PASSWORD, UNREACHABLE, call, post, problemInAddress } from "./parts.jsx";
import { SecondFactor } from "./second_factor.jsx";
import { Devices, PersonalTokens } from "./account_lists.jsx";

const day = (text) => new Date(text).toLocaleDateString(undefined, { day: "numeric", month: "long", year: "numeric" });

export function Section({ title, children, id }) {
  return (
    <section className="account-section" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <div className="account-rows">{children}</div>
    </section>
  );
}

// A line of the page: what it is, how it stands, and a button that opens a form below it.
export function Row({ label, value, note, action, open, onOpen, children }) {
  return (
    <div className="account-row">
      <div className="account-line">
        <div>
          <h3>{label}</h3>
          {value && <p className="account-value">{value}</p>}
          {note && <p className="field-hint">{note}</p>}
        </div>
        {action && !open && <button type="button" className="button" aria-label={`${action}: ${label.toLowerCase()}`} onClick={onOpen}>{action}</button>}
      </div>
      {open && children}
    </div>
  );
}

function useOpen() {
  const [open, setOpen] = useState("");
  return { is: (name) => open === name, set: (name) => () => setOpen(name), close: () => setOpen("") };
}

function Profile({ me, security, reload, say }) {
  const open = useOpen();
  const done = (text) => () => {
    open.close();
    say(text);
    reload();
  };
  const unconfirmed = security.sends_mail
    ? "Not confirmed yet. Open the link in the mail that we sent."
    : "Not confirmed. This server keeps its mails to itself: whoever runs it finds the link with ./mixline mail.";
  const resend = async () => {
    const answer = await post("/api/auth/email/resend", {});
    say(answer.ok ? "A mail with a link is on its way." : answer.problem?.detail || UNREACHABLE);
  };
  return (
    <Section id="profile" title="Profile">
      <Row label="Name" value={me.name} note="Shown on the leaderboard." action="Change" open={open.is("name")} onOpen={open.set("name")}>
        <ActionForm
          label="Change your name"
          fields={[{ name: "name", label: "New name", autoComplete: "nickname", maxLength: 60 }]}
          initial={{ name: me.name }}
          submit="Save"
          send={(sent) => call("PATCH", "/api/users/me", sent)}
          onDone={done("Your name is changed.")}
          onCancel={open.close}
        />
      </Row>
      <Row
        label="E-mail address"
        value={me.email || "None"}
        note={me.email && (me.email_verified ? "Confirmed" : unconfirmed)}
        action={me.email ? "Change" : "Add"}
        open={open.is("email")}
        onOpen={open.set("email")}
      >
        <ActionForm
          label="Change your address"
          fields={[
            { name: "email", label: "New address", type: "email", autoComplete: "email", inputMode: "email", autoCapitalize: "none", spellCheck: false, maxLength: 254 },
            ...(security.has_password ? [OWN_PASSWORD] : []),
          ]}
          submit="Send a link there"
          send={(sent) => post("/api/auth/email/change", sent)}
          onDone={done("A mail with a link is on its way to the new address.")}
          onCancel={open.close}
        />
      </Row>
      {me.email && !me.email_verified && !open.is("email") && (
        <div className="account-row"><button type="button" className="button" onClick={resend}>Send the confirmation again</button></div>
      )}
    </Section>
  );
}

function Password({ me, security, reload, say, open }) {
  const byMail = async () => {
    const answer = await post("/api/auth/password/forgot", { email: me.email });
    say(answer.ok ? "A mail with a link is on its way." : answer.problem?.detail || UNREACHABLE);
  };
  if (!security.has_password)
    return (
      <Row
        label="Password"
        value="None"
        note={me.email ? "Another site signs you in." : "Add an e-mail address to set one."}
        action={me.email ? "Set by mail" : ""}
        onOpen={byMail}
      />
    );
  return (
    <Row label="Password" action="Change" open={open.is("password")} onOpen={open.set("password")}>
      <ActionForm
        label="Change your password"
        fields={[
          { ...OWN_PASSWORD, name: "current", label: "Present password" },
          {
            name: "password", label: "New password", type: "password", autoComplete: "new-password",
            hint: `At least ${security.second_factor.enabled ? 8 : 15} characters. A few unrelated words are easy to remember.`,
          },
        ]}
        submit="Change the password"
        send={(sent) => post("/api/auth/password/change", sent)}
        onDone={() => {
          open.close();
          say("Your password is changed. Other devices are signed out.");
          reload();
        }}
        onCancel={open.close}
      />
    </Row>
  );
}

function OtherSites({ security, reload, say, open }) {
  const names = Object.fromEntries(security.providers.map(({ key, name }) => [key, name]));
  const free = security.providers.filter(({ key }) => !security.linked.some((one) => one.provider === key));
  const unlink = async (id) => {
    const answer = await call("DELETE", `/api/auth/oauth/identities/${id}`);
    say(answer.ok ? "Unlinked." : answer.problem?.detail || UNREACHABLE);
    reload();
  };
  if (!security.providers.length && !security.linked.length) return null;
  return (
    <>
      {security.linked.map(({ id, provider, label }) => (
        <Row key={id} label={names[provider] ?? provider} value={label} note="Can sign you in." action="Unlink" onOpen={() => unlink(id)} />
      ))}
      {free.map(({ key, name }) => (
        <Row key={key} label={name} note="Not linked" action="Link" open={open.is(`link-${key}`)} onOpen={open.set(`link-${key}`)}>
          <ActionForm
            label={`Link ${name}`}
            fields={[]}
            submit={`Go to ${name}`}
            send={(sent) => post(`/api/auth/oauth/${key}/link`, sent)}
            onDone={(answer) => window.location.assign(answer.data.location)}
            onCancel={open.close}
          />
        </Row>
      ))}
    </>
  );
}

function SigningIn(props) {
  const open = useOpen();
  return (
    <Section id="signing-in" title="Signing in">
      <Password {...props} open={open} />
      <SecondFactor {...props} open={open} Row={Row} />
      <OtherSites {...props} open={open} />
    </Section>
  );
}

function YourData({ me, security, reload, say }) {
  const open = useOpen();
  const [busy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    try {
      await call("GET", "/api/users/me"); // renews a stale session first
      const response = await fetch("/api/users/me/export");
      if (response.ok) {
        const address = URL.createObjectURL(await response.blob());
        const link = document.createElement("a");
        link.href = address;
        link.download = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") || "")?.[1] ?? "mixline.zip";
        link.click();
        setTimeout(() => URL.revokeObjectURL(address), 60000);
        say("Your copy is being saved.");
      } else say((await response.json().catch(() => ({}))).message || UNREACHABLE);
    } catch {
      say(UNREACHABLE);
    }
    setBusy(false);
  };
  return (
    <Section id="your-data" title="Your data">
      <Row label="Take a copy" note="Everything about you and all your hands, as JSON files in a zip." action={busy ? "Preparing" : "Download"} onOpen={busy ? undefined : download} />
      {!me.delete_at && (
        <Row label="Delete this account" note="You have some days to change your mind." action="Delete" open={open.is("delete")} onOpen={open.set("delete")}>
          <ActionForm
            label="Delete this account"
            fields={security.has_password ? [OWN_PASSWORD] : []}
            submit="Delete my account"
            tone="danger"
            send={(sent) => call("DELETE", "/api/users/me", sent)}
            onDone={(answer) => {
              open.close();
              say("");
              reload();
              window.scrollTo(0, 0);
            }}
            onCancel={open.close}
          >
            <p>Your hands, ratings and solves go with it. Tokens for scripts end at once.</p>
          </ActionForm>
        </Row>
      )}
    </Section>
  );
}

function Leaving({ me, reload, say }) {
  const keep = async () => {
    const answer = await post("/api/users/me/restore", {});
    say(answer.ok ? "Your account stays." : answer.problem?.detail || UNREACHABLE);
    reload();
  };
  return (
    <div className="account-banner" role="status">
      <p>This account and everything in it will be deleted on <strong>{day(me.delete_at)}</strong>.</p>
      <button type="button" className="button button--primary" onClick={keep}>Keep my account</button>
    </div>
  );
}

const DONE = { linked: "Linked. That site can sign you in now.", "second-factor": "The second factor is on." };

export function AccountPage() {
  const [me, setMe] = useState(null);
  const [security, setSecurity] = useState(null);
  const [notice, setNotice] = useState("");
  const [failed, setFailed] = useState(false);

  const reload = useCallback(async () => {
    try {
      const who = await call("GET", "/api/users/me");
      const how = who.ok && who.data.role !== "guest" ? await call("GET", "/api/users/me/security") : null;
      setFailed(!(who.ok || who.status === 401));
      setSecurity(how?.ok ? how.data : null);
      setMe(who.ok ? who.data : { role: "guest" });
    } catch {
      setFailed(true);
    }
  }, []);
  useEffect(() => {
    reload();
    const query = new URLSearchParams(window.location.search);
    const text = problemInAddress() || DONE[query.get("done")] || "";
    if (text) setNotice(text);
    if (window.location.search) window.history.replaceState(window.history.state, "", window.location.pathname);
  }, [reload]);

  if (failed)
    return (
      <div className="empty-state">
        <h2>Your account can't be read now</h2>
        <button type="button" className="button" onClick={reload}>Try again</button>
      </div>
    );
  if (me === null) return <div className="account-loading" role="status"><span className="spinner" aria-hidden="true" /> Reading your account</div>;
  if (me.role === "guest" || !security)
    return (
      <section className="account-page">
        <h1>Your account</h1>
        <p>Sign in to see it.</p>
        <a className="button button--primary button--large" href="/sign-in">Sign in</a>
        <p className="account-other"><span>No account yet? <a href="/create-account">Create account</a></span></p>
      </section>
    );
  const props = { me, security, reload, say: setNotice };
  return (
    <div className="account-settings">
      <h1>Your account</h1>
      <p role="status" className="account-notice">{notice}</p>
      {me.delete_at && <Leaving {...props} />}
      {me.role === "admin" && !security.second_factor.enabled && (
        <p className="account-banner">Administration opens when a second factor is on.</p>
      )}
      <Profile {...props} />
      <SigningIn {...props} />
      <Devices say={setNotice} Section={Section} />
      <PersonalTokens {...props} Section={Section} />
      <YourData {...props} />
    </div>
  );
}

