using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Session;
using Broker.Secrets;

namespace Broker.Agent.Session;

/// <summary>
/// All that an envelope needs, taken before it is opened: a place in each use and locked memory for each credential. So whether there is
/// room is known while "not opened" can still be said.
/// </summary>
internal sealed class EnvelopeReservation : IDisposable
{
    private readonly List<IDisposable?> _slots = [];
    private readonly List<CredentialContent> _contents = [];
    private readonly IReadOnlyList<(NamedUse Use, IReadOnlyList<int> Items)> _plan;
    private bool _passedOn;

    private EnvelopeReservation(IReadOnlyList<(NamedUse Use, IReadOnlyList<int> Items)> plan) => _plan = plan;

    /// <summary>Takes everything, or nothing.</summary>
    /// <param name="items">The header's list.</param>
    /// <param name="plan">What <see cref="EnvelopePlan"/> made of it.</param>
    /// <param name="slots">The places in uses; null where they are taken over from what is replaced.</param>
    /// <param name="reservation">Owned by the caller.</param>
    /// <returns>A constant of <see cref="RefusalCode"/>, or null.</returns>
    internal static string? TryTake(
        IReadOnlyList<EnvelopeItem> items,
        IReadOnlyList<(NamedUse Use, IReadOnlyList<int> Items)> plan,
        UseSlots? slots,
        out EnvelopeReservation? reservation)
    {
        reservation = null;
        var taken = new EnvelopeReservation(plan);
        try
        {
            foreach (var (use, _) in plan)
            {
                var slot = slots?.TryTake(use);
                if (slot is null && slots is not null)
                {
                    taken.Dispose();
                    return RefusalCode.UseBusy;
                }

                taken._slots.Add(slot);
            }

            foreach (var item in items)
                taken._contents.Add(new CredentialContent(item.Credential, SecretBuffer.Allocate((int)item.Length)));
            reservation = taken;
            return null;
        }
        catch (SecretMemoryExhaustedException)
        {
            taken.Dispose();
            return RefusalCode.Busy;
        }
    }

    /// <summary>Divides an opened body and gives everything on; this object is empty afterwards.</summary>
    /// <param name="handOff">The hand-off.</param>
    /// <param name="body">The credentials one after another; stays the caller's to wipe.</param>
    /// <returns>One delivery a use, owned by the caller.</returns>
    internal IReadOnlyList<UseDelivery> Fill(Id16 handOff, ReadOnlySpan<byte> body)
    {
        foreach (var content in _contents)
        {
            body[..content.Content.Length].CopyTo(content.Content.Span);
            body = body[content.Content.Length..];
        }

        _passedOn = true;
        return [.. _plan.Select((p, i) => new UseDelivery(handOff, p.Use, [.. p.Items.Select(n => _contents[n])], _slots[i]))];
    }

    /// <summary>Gives back what was not passed on.</summary>
    public void Dispose()
    {
        if (_passedOn)
            return;

        foreach (var slot in _slots)
            slot?.Dispose();
        foreach (var content in _contents)
            content.Dispose();
    }
}
