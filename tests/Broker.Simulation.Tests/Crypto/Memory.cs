using Broker.Secrets;

namespace Broker.Simulation.Tests;

/// <summary>
/// What secrets rest on: knows each live buffer and whose it is, each key that sealed, and tells the oracle what is sealed, opened and
/// signed. Cheap unless the world runs on the real cryptography.
/// </summary>
internal sealed class Memory(World world, SecretMemory arena, bool real) : SimulatedSecrets
{
    private readonly List<(SecretBuffer Buffer, Process? Process)> _live = new(64);
    private readonly HashSet<ulong> _sealed = [];
    private int _counted;

    /// <summary>Seals whose key and nonce were used before: a seeded fault lets the next one repeat.</summary>
    public Func<byte[]>? RepeatsKey { get; set; }

    internal override SecretBuffer Allocate(int length)
    {
        var buffer = arena.Allocate(length);
        _live.Add((buffer, world.Current));
        return buffer;
    }

    internal override void Moved(SecretBuffer from, SecretBuffer to) => _live.Add((to, world.Current));

    /// <summary>Counts what lives after a turn, for each process.</summary>
    public void Count()
    {
        // Almost all of a turn's buffers are gone at its end, so only those behind what was counted before are looked at closely.
        var kept = 0;
        for (var i = 0; i < _live.Count; i++)
        {
            if (!_live[i].Buffer.IsEmptied)
            {
                if (i >= _counted && _live[i].Process is { } process)
                {
                    process.LiveSecrets++;
                }

                _live[kept++] = _live[i];
            }
            else if (i < _counted && _live[i].Process is { } process)
            {
                process.LiveSecrets--;
            }
        }

        _live.RemoveRange(kept, _live.Count - kept);
        _counted = kept;
    }

    /// <summary>The memory of a process that is gone.</summary>
    public void Forget(Process process)
    {
        foreach (var (buffer, owner) in _live)
        {
            if (owner == process)
            {
                buffer.Dispose();
            }
        }
    }

    public void ForgetAll() => _live.ForEach(static l => l.Buffer.Dispose());

    internal override void Seal(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData,
        Span<byte> destination)
    {
        var used = Mix.Of(nonce, Mix.Of(key, 2));
        if (!_sealed.Add(used))
        {
            world.Oracle.Fail("nonce-reuse", "a key sealed twice under one nonce");
        }

        world.Oracle.Sealing(associatedData);
        if (real)
        {
            AesGcm256.SealNatively(key, nonce, plaintext, associatedData, destination);
            return;
        }

        plaintext.CopyTo(destination);
        Mask(destination[..plaintext.Length], used);
        Mix.Fill(destination[plaintext.Length..], Mix.Of(destination[..plaintext.Length], Mix.Of(associatedData, used)));
    }

    internal override bool TryOpen(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedData, ReadOnlySpan<byte> associatedData,
        Span<byte> destination)
    {
        bool opened;
        if (real)
        {
            opened = AesGcm256.TryOpenNatively(key, nonce, sealedData, associatedData, destination);
        }
        else
        {
            var used = Mix.Of(nonce, Mix.Of(key, 2));
            Span<byte> tag = stackalloc byte[AesGcm256.TagSize];
            Mix.Fill(tag, Mix.Of(sealedData[..^AesGcm256.TagSize], Mix.Of(associatedData, used)));
            opened = tag.SequenceEqual(sealedData[^AesGcm256.TagSize..]);
            if (opened)
            {
                sealedData[..^AesGcm256.TagSize].CopyTo(destination);
                Mask(destination, used);
            }
        }

        if (opened)
        {
            world.Oracle.Opened(associatedData);
        }

        return opened;
    }

    internal override bool Extracts(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> keyMaterial, Span<byte> pseudorandomKey)
    {
        if (!real)
        {
            Mix.Fill(pseudorandomKey, Mix.Of(keyMaterial, Mix.Of(salt, 3)));
        }

        return !real;
    }

    internal override bool Expands(ReadOnlySpan<byte> pseudorandomKey, ReadOnlySpan<byte> info, Span<byte> output)
    {
        if (!real)
        {
            Mix.Fill(output, Mix.Of(info, Mix.Of(pseudorandomKey, 4)));
        }

        return !real;
    }

    internal override byte[]? PointOf(ReadOnlySpan<byte> scalar)
    {
        if (real)
        {
            return null;
        }

        var point = new byte[65];
        point[0] = 4;
        Mix.Fill(point.AsSpan(1), Mix.Of(scalar, 5));
        return point;
    }

    internal override bool Agrees(ReadOnlySpan<byte> point, ReadOnlySpan<byte> peer, Span<byte> shared)
    {
        if (!real)
        {
            Mix.Fill(shared, unchecked(Mix.Of(point, 6) + Mix.Of(peer, 6)));
        }

        return !real;
    }

    internal override bool Signs(ReadOnlySpan<byte> point, ReadOnlySpan<byte> message, Span<byte> signature)
    {
        world.Oracle.Signing(point, message);
        if (!real)
        {
            CheapArithmetic.Sign(point, message, signature);
        }

        return !real;
    }

    private static void Mask(Span<byte> bytes, ulong key)
    {
        Span<byte> mask = stackalloc byte[64];
        for (; !bytes.IsEmpty; key = Mix.Finish(key))
        {
            Mix.Fill(mask, key);
            var length = Math.Min(mask.Length, bytes.Length);
            for (var i = 0; i < length; i++)
            {
                bytes[i] ^= mask[i];
            }

            bytes = bytes[length..];
        }
    }
}
