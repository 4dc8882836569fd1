using Broker.Dmz.Customers;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Custody;

/// <summary>A way of custody of kind <c>hsm</c> that this node is configured for; each key is described in reference.conf.</summary>
/// <param name="Way">Its name, which is that of the way in customers' plans.</param>
/// <param name="Module">Absolute path of the PKCS#11 module.</param>
/// <param name="Token">Label of the token.</param>
/// <param name="KeyLabel">Label of the key pair in it.</param>
/// <param name="PinFile">The file with its PIN.</param>
internal sealed record TokenWaySettings(Name Way, string Module, string Token, string KeyLabel, string PinFile);

/// <summary>What this node last saw of a way.</summary>
/// <param name="Way">The way.</param>
/// <param name="Key">The public half of its key, which the token proved to hold; null where it was never seen.</param>
/// <param name="Problem">Why it cannot be used now; null where it can.</param>
internal sealed record TokenWay(Name Way, PublicKey? Key, Refused? Problem);
