using FsCheck;
using FsCheck.Fluent;

namespace TinyWorker.Tests.Model;

/// <summary>Makes cases, and smaller ones of a case.</summary>
/// <param name="canWait">Whether bodies can wait at a gate.</param>
/// <param name="mayBlock">Whether bodies may be synchronous where they wait.</param>
internal sealed class Cases(bool canWait, bool mayBlock)
{
    private static readonly Gen<int> Which = Gen.Frequency((3, Gen.Constant(0)), (2, Gen.Choose(1, 2)), (1, Gen.Choose(3, 12)));

    private static readonly Gen<Outcome> Outcomes =
        Gen.Frequency((4, Gen.Constant(Outcome.Success)), (1, Gen.Constant(Outcome.Fault)), (1, Gen.Constant(Outcome.Cancellation)));

    private static readonly Gen<Token> Tokens = Gen.Frequency((12, Gen.Constant(Token.None)), (7, Gen.Constant(Token.Live)), (1, Gen.Constant(Token.Fired)));

    public Arbitrary<Case> Arbitrary => Arb.From(Generator(), Smaller);

    private Gen<Case> Generator() =>
        from setup in Setups()
        from commands in Gen.ArrayOf(Commands())
        select new Case(setup, [.. commands]);

    private Gen<Setup> Setups() =>
        from workers in Gen.Choose(1, 3)
        from capacity in Gen.Choose(1, 4)
        from hasTimeout in Gen.Choose(0, 2)
        from maxTasks in Gen.Choose(1, 12)
        from isAsync in Gen.Choose(0, 1)
        select new Setup(workers, capacity, hasTimeout == 0 ? 10 : null, maxTasks <= 3 ? maxTasks : null, !mayBlock || isAsync == 1);

    private Gen<Command> Commands() => Gen.Frequency(
        (12, from body in Bodies() from of in Maybe(Which) from token in Tokens select (Command)new Command.Submit(body, of, token)),
        (8, from body in Bodies() from of in Maybe(Which) from token in Tokens select (Command)new Command.SubmitAsync(body, of, token)),
        (3, from body in Bodies() select (Command)new Command.TrySubmit(body)),
        (canWait ? 12 : 0, from which in Which from outcome in Outcomes select (Command)new Command.Release(which, outcome)),
        (7, from which in Which select (Command)new Command.Cancel(which)),
        (3, from which in Which select (Command)new Command.FireToken(which)),
        (4, Gen.Constant((Command)new Command.AddSource())),
        (4, from which in Which from outcome in Outcomes select (Command)new Command.Complete(which, outcome)),
        (2, from of in Which from throws in Gen.Choose(0, 3) select (Command)new Command.Then(of, throws == 0)),
        (1, from first in Which from second in Which select (Command)new Command.WhenAll(first, second)),
        (1, from first in Which from second in Which select (Command)new Command.WhenAny(first, second)),
        (2, from which in Which select (Command)new Command.AddCallback(which)),
        (canWait ? 8 : 1, from hours in Gen.Choose(1, 12) select (Command)new Command.Advance(hours)),
        (1, Gen.Frequency(
            (1, Gen.Constant((Command)new Command.Abort())),
            (1, Gen.Constant((Command)new Command.Dispose())),
            (1, Gen.Constant((Command)new Command.Stop())),
            (1, Gen.Constant((Command)new Command.EndPatience())))));

    private Gen<Body> Bodies() => Gen.Frequency(
        (canWait ? 6 : 0, Gen.Constant(Body.HeedsToken)),
        (canWait ? 5 : 0, Gen.Constant(Body.IgnoresToken)),
        (3, Gen.Constant(Body.Returns)),
        (1, Gen.Constant(Body.Throws)),
        (1, Gen.Constant(Body.ThrowsCancellation)));

    private static Gen<int?> Maybe(Gen<int> some) => Gen.Frequency((3, Gen.Constant((int?)null)), (2, some.Select(number => (int?)number)));

    /// <summary>Fewer commands, a simpler troupe, simpler commands: in that order.</summary>
    private static IEnumerable<Case> Smaller(Case larger)
    {
        var (setup, commands) = larger;
        for (var length = commands.Length; length > 0; length /= 2)
        {
            for (var end = commands.Length; end > 0; end -= length)
                yield return larger with { Commands = commands.RemoveRange(Math.Max(0, end - length), Math.Min(length, end)) };
        }

        if (setup.Timeout is not null) yield return larger with { Setup = setup with { Timeout = null } };
        if (setup.MaxTasks is not null) yield return larger with { Setup = setup with { MaxTasks = null } };
        if (setup.Workers > 1) yield return larger with { Setup = setup with { Workers = setup.Workers - 1 } };
        if (setup.Capacity > 1) yield return larger with { Setup = setup with { Capacity = setup.Capacity - 1 } };
        for (var i = 0; i < commands.Length; i++)
        {
            foreach (var simpler in Simpler(commands[i])) yield return larger with { Commands = commands.SetItem(i, simpler) };
        }
    }

    private static IEnumerable<Command> Simpler(Command command) => command switch
    {
        Command.SubmitAsync submit => [new Command.Submit(submit.Body, submit.Of, submit.Token), .. Simpler(submit.Body, submit.Of, submit.Token).Select(it => new Command.SubmitAsync(it.Body, it.Of, it.Token))],
        Command.Submit submit => Simpler(submit.Body, submit.Of, submit.Token).Select(it => new Command.Submit(it.Body, it.Of, it.Token)),
        Command.Release { Outcome: not Outcome.Success } release => [release with { Outcome = Outcome.Success }],
        Command.Complete { Outcome: not Outcome.Success } complete => [complete with { Outcome = Outcome.Success }],
        Command.Release { Which: > 0 } release => [release with { Which = release.Which - 1 }],
        Command.Complete { Which: > 0 } complete => [complete with { Which = complete.Which - 1 }],
        Command.Cancel { Which: > 0 } cancel => [cancel with { Which = cancel.Which - 1 }],
        Command.FireToken { Which: > 0 } fire => [fire with { Which = fire.Which - 1 }],
        Command.Then { Of: > 0 } then => [then with { Of = then.Of - 1 }],
        Command.AddCallback { Which: > 0 } callback => [callback with { Which = callback.Which - 1 }],
        _ => [],
    };

    private static IEnumerable<(Body Body, int? Of, Token Token)> Simpler(Body body, int? of, Token token)
    {
        if (of is not null) yield return (body, null, token);
        if (of > 0) yield return (body, of - 1, token);
        if (token != Token.None) yield return (body, of, Token.None);
        if (body != Body.Returns) yield return (Body.Returns, of, token);
    }
}
