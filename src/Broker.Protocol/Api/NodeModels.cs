namespace Broker.Protocol.Api;

/// <summary>People vouch for a start of the node: POST /v1/node/admission.</summary>
/// <param name="Statement">A <see cref="Transfer.NodeAdmission"/>.</param>
/// <param name="Signatures">Of people of the cluster's admission list, over the statement.</param>
public sealed record AdmitNodeModel(byte[] Statement, IReadOnlyList<UserSignatureModel> Signatures);

/// <summary>A customer whose owner did not hand its secret over.</summary>
/// <param name="Customer">The customer.</param>
/// <param name="Code">Why not.</param>
public sealed record NotHeldModel(string Customer, string Code);

/// <summary>Answer to an admission. What is missing is asked for again every 30 seconds while the admission lasts.</summary>
/// <param name="Held">Customers that were handed over now.</param>
/// <param name="NotHeld">Customers that were asked for in vain.</param>
public sealed record AdmittedModel(IReadOnlyList<string> Held, IReadOnlyList<NotHeldModel> NotHeld);

/// <summary>Has a node leave: POST /v1/node/drain.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Incarnation">Fingerprint of the start that is to leave: its successor does not leave instead.</param>
public sealed record DrainNodeModel(string Node, string Incarnation);

/// <summary>How far a node is with leaving.</summary>
/// <param name="Node">The node.</param>
/// <param name="Incarnation">Fingerprint of this start of it.</param>
/// <param name="Phase"><c>serving</c>, <c>giving-over</c>, <c>releasing-agents</c> or <c>closing</c>.</param>
/// <param name="Version">Grows with every change.</param>
/// <param name="Reason">Who wants it to leave; empty while it serves.</param>
/// <param name="Owned">Customers that it owns now.</param>
/// <param name="GivenOver">Customers that another node owns since.</param>
/// <param name="Tickets">Tickets that it left to its successor on the same machine.</param>
/// <param name="Agents">Agents that are connected to it.</param>
/// <param name="NotGivenOver">Customers that nobody took, with the last code: each is locked once the node is gone.</param>
public sealed record DrainModel(
    string Node, string Incarnation, string Phase, ulong Version, string Reason, int Owned, int GivenOver, int Tickets, int Agents,
    IReadOnlyList<NotHeldModel> NotGivenOver);
