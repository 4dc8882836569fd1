namespace Broker.Secrets;

/// <summary>Why a wrap did not give a customer's secret.</summary>
public enum WrapFailure
{
    /// <summary>It did.</summary>
    None,

    /// <summary>It is sealed to another key than the one that was to open it; no agreement was asked for.</summary>
    WrongKey,

    /// <summary>It does not open: altered, or its fields were changed, or the agreement is not that of its key.</summary>
    Altered,

    /// <summary>It opens, but what was sealed is no record of a wrap.</summary>
    Malformed,

    /// <summary>The record inside names another cluster, customer, epoch, way or identity than the wrap outside.</summary>
    WrongPlace,

    /// <summary>The record is not signed by the identity key that it names.</summary>
    Forged,

    /// <summary>The record is signed, but its secret is not that of the identity.</summary>
    WrongIdentity,
}
