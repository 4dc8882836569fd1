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
