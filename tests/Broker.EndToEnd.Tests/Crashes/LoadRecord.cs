using System.Collections.Concurrent;
using System.Security.Cryptography;
using Broker.EndToEnd.Tests.Client;

namespace Broker.EndToEnd.Tests.Crashes;

/// <summary>One credential of the load: put, then launched once. What is not known yet is null.</summary>
internal sealed class LoadItem(string name, string agent, byte[] content, SignedCall put, SignedCall launch)
{
    public string Name => name;

    /// <summary>The agent that it was launched for.</summary>
    public string Agent => agent;

    /// <summary>SHA-256 of the content in hexadecimal, as the use writes it down.</summary>
    public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(content));

    public SignedCall Put => put;

    public SignedCall Launch => launch;

    /// <summary>Whether the put was acknowledged: from then on it must not be lost.</summary>
    public bool IsPut { get; set; }

    /// <summary>Whether the launch was accepted: from then on it must end.</summary>
    public bool IsAccepted { get; set; }
}

/// <summary>Everything that the load has begun.</summary>
internal sealed class LoadRecord
{
    public ConcurrentQueue<LoadItem> Items { get; } = new();
}
