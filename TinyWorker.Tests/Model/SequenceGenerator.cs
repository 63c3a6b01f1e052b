using FsCheck;
using FsCheck.Fluent;

namespace TinyWorker.Tests.Model;

/// <summary>Makes sequences, and shrinks a sequence to smaller ones.</summary>
/// <param name="canWait">Whether bodies can wait until they are released.</param>
/// <param name="mayBlock">Whether bodies may block a thread while they wait.</param>
internal sealed class SequenceGenerator(bool canWait, bool mayBlock)
{
    private static readonly Gen<int> Which = Gen.Frequency((3, Gen.Constant(0)), (2, Gen.Choose(1, 2)), (1, Gen.Choose(3, 12)));

    private static readonly Gen<Outcome> Outcomes =
        Gen.Frequency((4, Gen.Constant(Outcome.Success)), (1, Gen.Constant(Outcome.Fault)), (1, Gen.Constant(Outcome.Cancellation)));

    private static readonly Gen<SubmissionToken> Tokens = Gen.Frequency(
        (12, Gen.Constant(SubmissionToken.None)), (7, Gen.Constant(SubmissionToken.Live)), (1, Gen.Constant(SubmissionToken.Fired)));

    // In two sequences out of three most tasks ask for nothing.
    private static readonly Gen<Terms> AnyTerms =
        from terms in Order
        from deadline in Gen.Frequency((7, Gen.Constant((int?)null)), (1, Gen.Choose(1, 20).Select(static hours => (int?)hours)))
        select terms with { Deadline = deadline };

    private static Gen<Terms> Order => Gen.Frequency(
        (3, Gen.Constant(default(Terms))),
        (2, from priority in Gen.Choose(-1, 2) select new Terms(priority)),
        (2, from key in Gen.Elements(ModelState.Keys.ToArray()) from priority in Gen.Elements(0, 0, 0, -1, 1, 2)
            select new Terms(priority, key)));

    public Arbitrary<CommandSequence> Arbitrary => Arb.From(Generator(), Smaller);

    private Gen<CommandSequence> Generator() =>
        from setup in Setups()
        from commands in Gen.ArrayOf(Commands())
        select new CommandSequence(setup, [.. commands]);

    private Gen<Setup> Setups() =>
        from workers in Gen.Choose(1, 3)
        from capacity in Gen.Choose(1, 4)
        from hasTimeout in Gen.Choose(0, 2)
        from maxTasks in Gen.Choose(1, 12)
        from isAsync in Gen.Choose(0, 1)
        from attempts in Gen.Frequency((2, Gen.Constant(1)), (1, Gen.Constant(2)))
        select new Setup(
            workers, capacity, hasTimeout == 0 ? 10 : null, maxTasks <= 3 ? maxTasks : null, !mayBlock || isAsync == 1, attempts);

    private Gen<Command> Commands() => Gen.Frequency(
        (12, from body in Bodies() from of in Maybe(Which) from token in Tokens from terms in AnyTerms
            select (Command)new Command.Submit(body, of, token, terms.Priority, terms.Key, DeadlineOf(terms, of))),
        (8, from body in Bodies() from of in Maybe(Which) from token in Tokens from terms in AnyTerms
            select (Command)new Command.SubmitAsync(body, of, token, terms.Priority, terms.Key, DeadlineOf(terms, of))),
        (3, from body in Bodies() from terms in AnyTerms
            select (Command)new Command.TrySubmit(body, terms.Priority, terms.Key, terms.Deadline)),
        (2, from body in Bodies() from token in Tokens select (Command)new Command.SubmitToEach(body, token)),
        (2, Gen.Constant((Command)new Command.Pause())),
        (3, Gen.Constant((Command)new Command.Resume())),
        (2, from workers in Gen.Choose(1, ModelState.MostAtAll) select (Command)new Command.Resize(workers)),
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
            (1, Gen.Constant((Command)new Command.FireStopToken())))));

    private Gen<Body> Bodies() => Gen.Frequency(
        (canWait ? 6 : 0, Gen.Constant(Body.HeedsToken)),
        (canWait ? 5 : 0, Gen.Constant(Body.IgnoresToken)),
        (3, Gen.Constant(Body.Returns)),
        (1, Gen.Constant(Body.Throws)),
        (1, Gen.Constant(Body.ThrowsCancellation)));

    private static Gen<int?> Maybe(Gen<int> some) => Gen.Frequency((3, Gen.Constant((int?)null)), (2, some.Select(number => (int?)number)));

    /// <summary>Shrinks a sequence: first fewer commands, then a simpler troupe, then simpler commands.</summary>
    private static IEnumerable<CommandSequence> Smaller(CommandSequence larger)
    {
        var (setup, commands) = larger;
        for (var length = commands.Length; length > 0; length /= 2)
        {
            for (var end = commands.Length; end > 0; end -= length)
                yield return larger with { Commands = commands.RemoveRange(Math.Max(0, end - length), Math.Min(length, end)) };
        }

        if (setup.Timeout is not null) yield return larger with { Setup = setup with { Timeout = null } };
        if (setup.MaxTasks is not null) yield return larger with { Setup = setup with { MaxTasks = null } };
        if (setup.Attempts > 1) yield return larger with { Setup = setup with { Attempts = 1 } };
        if (setup.Workers > 1) yield return larger with { Setup = setup with { Workers = setup.Workers - 1 } };
        if (setup.Capacity > 1) yield return larger with { Setup = setup with { Capacity = setup.Capacity - 1 } };
        for (var i = 0; i < commands.Length; i++)
        {
            foreach (var simpler in Simpler(commands[i])) yield return larger with { Commands = commands.SetItem(i, simpler) };
        }
    }

    private static IEnumerable<Command> Simpler(Command command) => command switch
    {
        Command.SubmitAsync submit =>
        [
            new Command.Submit(submit.Body, submit.Of, submit.Token, submit.Priority, submit.Key),
            .. Simpler(new Terms(submit.Priority, submit.Key, submit.Deadline))
                .Select(it => submit with { Priority = it.Priority, Key = it.Key, Deadline = it.Deadline }),
            .. Simpler(submit.Body, submit.Of, submit.Token).Select(it => submit with { Body = it.Body, Of = it.Of, Token = it.Token }),
        ],
        Command.Submit submit =>
        [
            .. Simpler(new Terms(submit.Priority, submit.Key, submit.Deadline))
                .Select(it => submit with { Priority = it.Priority, Key = it.Key, Deadline = it.Deadline }),
            .. Simpler(submit.Body, submit.Of, submit.Token).Select(it => submit with { Body = it.Body, Of = it.Of, Token = it.Token }),
        ],
        Command.TrySubmit submit =>
            Simpler(new Terms(submit.Priority, submit.Key, submit.Deadline))
                .Select(it => submit with { Priority = it.Priority, Key = it.Key, Deadline = it.Deadline }),
        Command.SubmitToEach submit =>
            Simpler(submit.Body, null, submit.Token).Select(it => submit with { Body = it.Body, Token = it.Token }),
        Command.Resize { Workers: > 1 } resize => [new Command.Resize(resize.Workers - 1)],
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

    private static IEnumerable<Terms> Simpler(Terms terms)
    {
        if (terms.Key is not null) yield return terms with { Key = null };
        if (terms.Priority != 0) yield return terms with { Priority = 0 };
        if (terms.Priority is < 0 or > 1) yield return terms with { Priority = terms.Priority < 0 ? 0 : 1 };
        if (terms.Deadline is not null) yield return terms with { Deadline = null };
    }

    private static IEnumerable<(Body Body, int? Of, SubmissionToken Token)> Simpler(Body body, int? of, SubmissionToken token)
    {
        if (of is not null) yield return (body, null, token);
        if (of > 0) yield return (body, of - 1, token);
        if (token != SubmissionToken.None) yield return (body, of, SubmissionToken.None);
        if (body != Body.Returns) yield return (Body.Returns, of, token);
    }

    // If a deadline and the end of the input come in one advance of the clock, the model leaves open which of the two is first: so only
    // tasks whose input is there have a deadline.
    private static int? DeadlineOf(Terms terms, int? input) => input is null ? terms.Deadline : null;
}
