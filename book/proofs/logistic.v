(** * The logistic sigmoid

    Formal proofs for the first chapter, on the real numbers of Coq's standard library.
    [is_derive f x l] says that [f] has the derivative [l] at [x], [is_lim f x l] that [f]
    has the limit [l] at [x], both from the library Coquelicot. *)

From Coq Require Import Reals Psatz List Classical.
From Coquelicot Require Import Coquelicot.
Import ListNotations.
Open Scope R_scope.

(** ** The sigmoid *)

Definition sigmoid (x : R) : R := 1 / (1 + exp (- x)).

(** The two fractions that define the sigmoid are the same number. *)
(* Mutant, the exponent has the wrong sign: `exp x / (1 + exp x)` becomes `exp (- x) / (1 + exp (- x))` *)
Theorem sigmoid_second_form (x : R) : sigmoid x = exp x / (1 + exp x).
Proof.
  assert (positive := exp_pos x). unfold sigmoid. rewrite exp_Ropp. field. split; lra.
Qed.

(** The values of the sigmoid lie strictly between 0 and 1. *)
(* Mutant, the upper bound is halved: `< 1` becomes `< 1 / 2` *)
(* Mutant, the lower bound is raised: `0 < sigmoid x` becomes `1 / 2 < sigmoid x` *)
Theorem sigmoid_range (x : R) : 0 < sigmoid x < 1.
Proof.
  assert (positive := exp_pos (- x)). unfold sigmoid. split.
  - apply Rdiv_lt_0_compat; lra.
  - apply Rlt_div_l; lra.
Qed.

(** The sigmoid is strictly increasing. *)
(* Mutant, it decreases: `sigmoid x < sigmoid y` becomes `sigmoid y < sigmoid x` *)
(* Mutant, equal arguments count as increasing: `x < y` becomes `x <= y` *)
Theorem sigmoid_increasing (x y : R) : x < y -> sigmoid x < sigmoid y.
Proof.
  intros less. unfold sigmoid.
  assert (exp (- y) < exp (- x)) by (apply exp_increasing; lra).
  assert (positive := exp_pos (- y)).
  apply Rmult_lt_compat_l; [lra |].
  apply Rinv_lt_contravar; [apply Rmult_lt_0_compat |]; lra.
Qed.

(** At 0 the value of the sigmoid is one half. *)
(* Mutant, the value is that of the numerator: `1 / 2` becomes `1` *)
Theorem sigmoid_at_0 : sigmoid 0 = 1 / 2.
Proof. unfold sigmoid. rewrite Ropp_0, exp_0. field. Qed.

(** The sigmoid is symmetric: the values at [x] and at [- x] add up to 1. *)
(* Mutant, the sigmoid is taken for an odd function: `1 - sigmoid x` becomes `- sigmoid x` *)
(* Mutant, it is taken for an even one: `1 - sigmoid x` becomes `sigmoid x` *)
Theorem sigmoid_symmetry (x : R) : sigmoid (- x) = 1 - sigmoid x.
Proof.
  assert (positive := exp_pos x). rewrite sigmoid_second_form. unfold sigmoid.
  rewrite exp_Ropp. field. split; lra.
Qed.

Lemma odds (x : R) : sigmoid x / (1 - sigmoid x) = exp x.
Proof.
  assert (positive := exp_pos x). rewrite sigmoid_second_form. field. split; lra.
Qed.

(** The logit is the inverse function: every [p] between 0 and 1 is the value of the sigmoid
    at exactly one point, the logarithm of the odds.  So the sigmoid is a bijection of the
    line onto the open interval. *)
(* Mutant, the odds are turned round: `p / (1 - p)` becomes `(1 - p) / p` *)
(* Mutant, the logarithm of the probability is enough: `p / (1 - p)` becomes `p` *)
Theorem sigmoid_inverse (p x : R) :
  0 < p < 1 -> (sigmoid x = p <-> x = ln (p / (1 - p))).
Proof.
  intros [above below]. split.
  - intros <-. now rewrite odds, ln_exp.
  - intros ->. rewrite sigmoid_second_form, exp_ln.
    + field. split; lra.
    + apply Rdiv_lt_0_compat; lra.
Qed.

(** What a score means: adding 1 to it multiplies the odds by [e]. *)
(* Mutant, the odds are those of the other class: `sigmoid (x + 1) / (1 - sigmoid (x + 1))` becomes `(1 - sigmoid (x + 1)) / sigmoid (x + 1)` *)
Theorem sigmoid_odds (x : R) :
  sigmoid (x + 1) / (1 - sigmoid (x + 1)) = exp 1 * (sigmoid x / (1 - sigmoid x)).
Proof.
  rewrite !odds, exp_plus. ring.
Qed.

(** The activation is above one half exactly where the score is positive, and below exactly
    where it is negative, so the decision between the two classes depends on the sign of the
    score alone. *)
(* Mutant, the threshold is at the score 1: `0 < x` becomes `1 < x` *)
(* Mutant, the threshold of class 2 is lower: `sigmoid x < 1 / 2` becomes `sigmoid x < 1 / 4` *)
Theorem sigmoid_above_half (x : R) :
  (1 / 2 < sigmoid x <-> 0 < x) /\ (sigmoid x < 1 / 2 <-> x < 0).
Proof.
  rewrite <- sigmoid_at_0. split; (split; [| apply sigmoid_increasing]).
  - intros above. apply Rnot_le_lt. intros [less | ->]; [| lra].
    apply sigmoid_increasing in less. lra.
  - intros below. apply Rnot_le_lt. intros [less | <-]; [| lra].
    apply sigmoid_increasing in less. lra.
Qed.

(** The sigmoid rises from 0, its limit on the left, to 1, its limit on the right. *)
(* Mutant, it rises from -1 as tanh does: `m_infty 0` becomes `m_infty (-1)` *)
(* Mutant, it stops at one half: `p_infty 1` becomes `p_infty (1 / 2)` *)
Theorem sigmoid_limits : is_lim sigmoid m_infty 0 /\ is_lim sigmoid p_infty 1.
Proof.
  assert (left : is_lim sigmoid m_infty 0).
  { apply is_lim_ext with (fun x => exp x / (1 + exp x)).
    { intros x. symmetry. apply sigmoid_second_form. }
    replace (Finite 0) with (Rbar_div 0 1) by (simpl; f_equal; field).
    apply is_lim_div; [apply is_lim_exp_m | | simpl; injection; lra | easy].
    replace (Finite 1) with (Finite (1 + 0)) by (f_equal; ring).
    apply is_lim_plus with 1 0; [apply is_lim_const | apply is_lim_exp_m | easy]. }
  split; [exact left |].
  apply is_lim_ext with (fun x => 1 - sigmoid (- x)).
  { intros x. rewrite sigmoid_symmetry. ring. }
  replace (Finite 1) with (Finite (1 - 0)) by (f_equal; ring).
  apply is_lim_minus with 1 0; [apply is_lim_const | | easy].
  apply (is_lim_comp sigmoid Ropp p_infty 0 m_infty left).
  - apply (is_lim_opp (fun x => x) p_infty p_infty), is_lim_id.
  - now exists 0.
Qed.

(** ** Its derivative and its antiderivative *)

Lemma one_plus_exp_pos (x : R) : 0 < 1 + exp x.
Proof. assert (0 < exp x) by apply exp_pos. lra. Qed.

Lemma one_plus_exp_neq_0 (x : R) : 1 + exp x <> 0.
Proof. apply Rgt_not_eq, one_plus_exp_pos. Qed.

(** The derivative of the sigmoid is the sigmoid times one minus the sigmoid, which is the
    product of its values at [x] and at [- x]. *)
(* Mutant, the second factor is dropped: `sigmoid x * (1 - sigmoid x)` becomes `sigmoid x` *)
(* Mutant, the derivative of tanh is mistaken for it: `sigmoid x * (1 - sigmoid x)` becomes `1 - sigmoid x * sigmoid x` *)
Theorem sigmoid_derivative (x : R) :
  is_derive sigmoid x (sigmoid x * (1 - sigmoid x))
  /\ is_derive sigmoid x (sigmoid x * sigmoid (- x)).
Proof.
  rewrite sigmoid_symmetry. unfold sigmoid.
  split; (auto_derive; [| field]; apply one_plus_exp_neq_0).
Qed.

Lemma Derive_sigmoid (x : R) : Derive sigmoid x = sigmoid x * (1 - sigmoid x).
Proof. apply is_derive_unique, sigmoid_derivative. Qed.

(** The slope of the sigmoid is positive and even, and it is at most 1/4, with equality at 0
    only. *)
(* Mutant, the bound is too small: `Derive sigmoid x <= 1 / 4` becomes `Derive sigmoid x <= 1 / 5` *)
(* Mutant, the bound is never reached: `Derive sigmoid x <= 1 / 4` becomes `Derive sigmoid x < 1 / 4` *)
(* Mutant, the slope is odd: `Derive sigmoid (- x) = Derive sigmoid x` becomes `Derive sigmoid (- x) = - Derive sigmoid x` *)
Theorem sigmoid_slope (x : R) :
  0 < Derive sigmoid x
  /\ Derive sigmoid (- x) = Derive sigmoid x
  /\ Derive sigmoid x <= 1 / 4
  /\ (Derive sigmoid x = 1 / 4 <-> x = 0).
Proof.
  rewrite !Derive_sigmoid, sigmoid_symmetry.
  assert (range := sigmoid_range x). repeat split.
  - nra.
  - ring.
  - assert (0 <= (sigmoid x - 1 / 2) ^ 2) by apply pow2_ge_0. lra.
  - intros equal.
    assert (half : sigmoid x = 1 / 2) by nra.
    apply sigmoid_inverse in half; [| lra].
    rewrite half. replace (1 / 2 / (1 - 1 / 2)) with 1 by field. apply ln_1.
  - intros ->. rewrite sigmoid_at_0. field.
Qed.

(** The sigmoid brings any two points together, at least by the factor 4. *)
(* Mutant, the factor is too small: `1 / 4 *` becomes `1 / 5 *` *)
Theorem sigmoid_lipschitz (x y : R) : Rabs (sigmoid x - sigmoid y) <= 1 / 4 * Rabs (x - y).
Proof.
  destruct (MVT_gen sigmoid y x (Derive sigmoid)) as [c [_ difference]].
  - intros z _. rewrite Derive_sigmoid. apply sigmoid_derivative.
  - intros z _. apply derivable_continuous_pt.
    exists (sigmoid z * (1 - sigmoid z)). apply is_derive_Reals, sigmoid_derivative.
  - rewrite difference, Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos |].
    destruct (sigmoid_slope c) as [positive [_ [bounded _]]].
    rewrite Rabs_pos_eq; lra.
Qed.

(** The derivatives of the sigmoid up to the third, as polynomials of its value. *)
Lemma sigmoid_derivatives (x : R) :
  (forall k, (k <= 3)%nat -> ex_derive_n sigmoid k x)
  /\ Derive_n sigmoid 2 x = sigmoid x * (1 - sigmoid x) * (1 - 2 * sigmoid x)
  /\ Derive_n sigmoid 3 x
     = sigmoid x * (1 - sigmoid x) * (1 - 6 * (sigmoid x * (1 - sigmoid x)))
  /\ Derive_n sigmoid 1 x = sigmoid x * (1 - sigmoid x).
Proof.
  assert (smooth : forall t, ex_derive sigmoid t) by (intros; eexists; apply sigmoid_derivative).
  assert (one : forall t, Derive_n sigmoid 1 t = sigmoid t * (1 - sigmoid t))
    by apply Derive_sigmoid.
  assert (first : forall t, is_derive (Derive_n sigmoid 1) t
            (sigmoid t * (1 - sigmoid t) * (1 - 2 * sigmoid t))).
  { intros t. apply is_derive_ext with (fun t => sigmoid t * (1 - sigmoid t)).
    { intros. symmetry. apply one. }
    auto_derive; [now split | rewrite Derive_sigmoid; ring]. }
  assert (two : forall t, Derive_n sigmoid 2 t
            = sigmoid t * (1 - sigmoid t) * (1 - 2 * sigmoid t))
    by (intros; now apply is_derive_unique).
  assert (second : forall t, is_derive (Derive_n sigmoid 2) t
            (sigmoid t * (1 - sigmoid t) * (1 - 6 * (sigmoid t * (1 - sigmoid t))))).
  { intros t. apply is_derive_ext
      with (fun t => sigmoid t * (1 - sigmoid t) * (1 - 2 * sigmoid t)).
    { intros. symmetry. apply two. }
    auto_derive; [now repeat split | rewrite Derive_sigmoid; ring]. }
  repeat split; [| apply two | now apply is_derive_unique | apply one].
  intros [| [| [| [| k]]]] few; [easy | apply smooth | | | lia]; eexists;
    [apply first | apply second].
Qed.

(** The third derivative of the sigmoid is the first times one minus six times the first, and
    it lies between -1/8 and 1/24. *)
(* Mutant, the factor 6 is 4: `1 - 6 *` becomes `1 - 4 *` *)
(* Mutant, the bounds are symmetric: `- (1 / 8) <=` becomes `- (1 / 24) <=` *)
Theorem sigmoid_third_derivative (x : R) :
  is_derive_n sigmoid 3 x (Derive sigmoid x * (1 - 6 * Derive sigmoid x))
  /\ - (1 / 8) <= Derive_n sigmoid 3 x <= 1 / 24.
Proof.
  destruct (sigmoid_derivatives x) as [smooth [_ [third _]]].
  rewrite Derive_sigmoid. split.
  { rewrite <- third. apply Derive_correct, (smooth 3%nat). lia. }
  rewrite third.
  assert (range := sigmoid_range x).
  set (q := sigmoid x * (1 - sigmoid x)) in *.
  assert (q_range : 0 < q <= 1 / 4).
  { unfold q. split; [nra |]. assert (0 <= (sigmoid x - 1 / 2) ^ 2) by apply pow2_ge_0. lra. }
  assert (0 <= (q - 1 / 12) ^ 2) by apply pow2_ge_0. split; nra.
Qed.

(** A central difference of the sigmoid with the step h is off by at most h^2 / 48. *)
(* Mutant, half as much: `h ^ 2 / 48` becomes `h ^ 2 / 96` *)
(* Mutant, a difference to one side is as good: `sigmoid (x - h)) / (2 * h)` becomes `sigmoid x) / h` *)
Theorem sigmoid_central_difference (x h : R) :
  0 < h ->
  Rabs ((sigmoid (x + h) - sigmoid (x - h)) / (2 * h) - Derive sigmoid x) <= h ^ 2 / 48.
Proof.
  intros positive.
  (* Taylor's theorem, to the right of any point *)
  assert (taylor : forall y, exists zeta, sigmoid (y + h) = sigmoid y + h * Derive sigmoid y
            + h ^ 2 / 2 * Derive_n sigmoid 2 y + h ^ 3 / 6 * Derive_n sigmoid 3 zeta).
  { intros y. destruct (Taylor_Lagrange sigmoid 2 y (y + h)) as [zeta [_ expansion]]; [lra | |].
    - intros t _ k few. now apply sigmoid_derivatives.
    - exists zeta. rewrite expansion. cbn [sum_f_R0].
      change (Derive_n sigmoid 0 y) with (sigmoid y).
      change (Derive_n sigmoid 1 y) with (Derive sigmoid y).
      generalize (Derive_n sigmoid 2 y) (Derive_n sigmoid 3 zeta). intros second third.
      simpl. field. }
  destruct (taylor x) as [zeta right]. destruct (taylor (- x)) as [zeta' left].
  (* the expansion to the left is the one to the right at the mirror image *)
  assert (mirror : sigmoid (x - h) = 1 - sigmoid (- x + h)).
  { rewrite <- sigmoid_symmetry. f_equal. ring. }
  assert (even : Derive sigmoid (- x) = Derive sigmoid x) by apply sigmoid_slope.
  assert (odd : Derive_n sigmoid 2 (- x) = - Derive_n sigmoid 2 x).
  { destruct (sigmoid_derivatives x) as [_ [-> _]].
    destruct (sigmoid_derivatives (- x)) as [_ [-> _]]. rewrite sigmoid_symmetry. ring. }
  rewrite mirror, left, right, even, odd, sigmoid_symmetry.
  destruct (sigmoid_third_derivative zeta) as [_ bounds].
  destruct (sigmoid_third_derivative zeta') as [_ bounds'].
  match goal with |- Rabs ?error <= _ =>
    replace error with (h ^ 2 * ((Derive_n sigmoid 3 zeta + Derive_n sigmoid 3 zeta') / 12))
      by (field; lra)
  end.
  assert (0 < h ^ 2) by (apply pow_lt; easy).
  apply Rabs_le. split; nra.
Qed.

(** A tower of sigmoids, one on top of the other. *)
Fixpoint tower (floors : nat) (x : R) : R :=
  match floors with
  | O => x
  | S below => sigmoid (tower below x)
  end.

Lemma tower_derivative (floors : nat) (x : R) :
  is_derive (tower (S floors)) x (Derive sigmoid (tower floors x) * Derive (tower floors) x).
Proof.
  assert (smooth : ex_derive (tower floors) x).
  { induction floors as [| floors IH]; [apply ex_derive_id |].
    apply (ex_derive_comp sigmoid (tower floors)); [| exact IH].
    eexists. apply sigmoid_derivative. }
  rewrite Rmult_comm. apply (is_derive_comp sigmoid (tower floors)).
  - rewrite Derive_sigmoid. apply sigmoid_derivative.
  - now apply Derive_correct.
Qed.

(** The slope of a tower of L sigmoids is positive and at most 1/4 to the power L, and for two
    floors or more it never reaches this bound. *)
(* Mutant, one floor too many: `<= (1 / 4) ^ L` becomes `<= (1 / 4) ^ (L + 1)` *)
(* Mutant, already one floor stays below the bound: `2 <= L` becomes `1 <= L` *)
Theorem tower_slope (L : nat) (x : R) :
  (L >= 1)%nat ->
  ex_derive (tower L) x /\ 0 < Derive (tower L) x <= (1 / 4) ^ L
  /\ ((2 <= L)%nat -> Derive (tower L) x < (1 / 4) ^ L).
Proof.
  intros some. destruct L as [| L]; [lia |]. clear some.
  split; [eexists; apply tower_derivative |].
  induction L as [| L [[above below] _]].
  - rewrite (is_derive_unique _ _ _ (tower_derivative 0 x)).
    change (Derive (tower 0) x) with (Derive (fun y : R => y) x). rewrite Derive_id.
    destruct (sigmoid_slope (tower 0 x)) as [positive [_ [bounded _]]].
    rewrite Rmult_1_r, pow_1. split; [lra | lia].
  - rewrite (is_derive_unique _ _ _ (tower_derivative (S L) x)).
    change ((1 / 4) ^ S (S L)) with (1 / 4 * (1 / 4) ^ S L).
    destruct (sigmoid_slope (tower (S L) x)) as [positive [_ [bounded equality]]].
    assert (inner : 0 < tower (S L) x) by apply sigmoid_range.
    assert (strict : Derive sigmoid (tower (S L) x) < 1 / 4).
    { destruct bounded as [less | equal]; [exact less |]. apply equality in equal. lra. }
    assert (product : Derive sigmoid (tower (S L) x) * Derive (tower (S L)) x
              < 1 / 4 * (1 / 4) ^ S L) by nra.
    repeat split; [now apply Rmult_lt_0_compat | now apply Rlt_le | easy].
Qed.

Definition softplus (x : R) : R := ln (1 + exp x).

(** The softplus has the sigmoid as its derivative. *)
(* Mutant, the mirror image stands for the sigmoid: `(sigmoid x)` becomes `(sigmoid (- x))` *)
(* Mutant, the inner derivative is forgotten: `(sigmoid x)` becomes `(1 / (1 + exp x))` *)
Theorem softplus_derivative (x : R) : is_derive softplus x (sigmoid x).
Proof.
  rewrite sigmoid_second_form. unfold softplus. auto_derive.
  - apply one_plus_exp_pos.
  - field. apply one_plus_exp_neq_0.
Qed.

(** The softplus tends to 0 on the left. *)
(* Mutant, the 1 in the logarithm is forgotten: `m_infty 0` becomes `m_infty m_infty` *)
Theorem softplus_limit : is_lim softplus m_infty 0.
Proof.
  replace (Finite 0) with (Finite (ln (1 + 0))) by (rewrite Rplus_0_r, ln_1; easy).
  apply (is_lim_comp_continuous (fun x => 1 + exp x) ln m_infty (1 + 0)).
  - apply is_lim_plus with 1 0; [apply is_lim_const | apply is_lim_exp_m | easy].
  - apply continuity_pt_filterlim, derivable_continuous_pt.
    exists (/ (1 + 0)). apply derivable_pt_lim_ln. lra.
Qed.

(** No other antiderivative of the sigmoid tends to 0 there. *)
(* Mutant, it may tend to another number: `is_lim F m_infty 0` becomes `ex_finite_lim F m_infty` *)
Theorem softplus_unique (F : R -> R) :
  (forall x, is_derive F x (sigmoid x)) -> is_lim F m_infty 0 -> forall x, F x = softplus x.
Proof.
  intros antiderivative limit x.
  assert (constant : forall t, F t - softplus t = F x - softplus x).
  { assert (flat : forall t, is_derive (fun s => F s - softplus s) t 0).
    { intros t. replace 0 with (sigmoid t - sigmoid t) by ring.
      apply (is_derive_minus F softplus); [apply antiderivative | apply softplus_derivative]. }
    intros t. destruct (Rtotal_order t x) as [less | [-> | greater]]; [| easy |].
    - now apply (eq_is_derive (fun s => F s - softplus s)).
    - symmetry. now apply (eq_is_derive (fun s => F s - softplus s)). }
  enough (F x - softplus x = 0) by lra.
  assert (same : is_lim (fun _ => F x - softplus x) m_infty (0 - 0)).
  { apply is_lim_ext with (fun t => F t - softplus t); [exact constant |].
    apply is_lim_minus with 0 0; [exact limit | exact softplus_limit | easy]. }
  apply is_lim_unique in same. rewrite Lim_const in same. injection same. lra.
Qed.

(** The softplus is the integral of the sigmoid from minus infinity to [x]. *)
(* Mutant, the integral ends at 0: `(at_point x)` becomes `(at_point 0)` *)
(* Mutant, the integral begins on the right: `m_infty` becomes `p_infty` *)
Theorem softplus_integral (x : R) :
  is_RInt_gen sigmoid (Rbar_locally m_infty) (at_point x) (softplus x).
Proof.
  assert (slope : forall t, Derive softplus t = sigmoid t).
  { intros t. apply is_derive_unique, softplus_derivative. }
  apply is_RInt_gen_ext with (Derive softplus).
  { apply filter_forall. intros ab t _. apply slope. }
  replace (softplus x) with (softplus x - 0) by ring.
  apply is_RInt_gen_Derive.
  - apply filter_forall. intros ab t _. exists (sigmoid t). apply softplus_derivative.
  - apply filter_forall. intros ab t _.
    apply continuous_ext with sigmoid; [intros; symmetry; apply slope |].
    apply (ex_derive_continuous sigmoid). exists (sigmoid t * (1 - sigmoid t)).
    apply sigmoid_derivative.
  - apply softplus_limit.
  - intros P [eps near]. unfold filtermap, at_point. apply near, ball_center.
Qed.

(** The form of the softplus that does not overflow: the larger of [x] and 0, plus a small
    logarithm. *)
(* Mutant, the sign of the exponent: `exp (- Rabs x)` becomes `exp (Rabs x)` *)
(* Mutant, the modulus for the maximum: `Rmax x 0` becomes `Rabs x` *)
Theorem softplus_stable (x : R) : softplus x = Rmax x 0 + ln (1 + exp (- Rabs x)).
Proof.
  unfold softplus. destruct (Rle_or_lt 0 x) as [right | left].
  - rewrite Rmax_left, Rabs_pos_eq, exp_Ropp by lra.
    assert (positive := exp_pos x).
    rewrite <- (ln_exp x) at 2. rewrite <- ln_mult.
    + f_equal. field. lra.
    + lra.
    + assert (0 < / exp x) by (apply Rinv_0_lt_compat; lra). lra.
  - rewrite Rmax_right, Rabs_left, Ropp_involutive by lra. ring.
Qed.

(** The softplus exceeds the larger of [x] and 0: by log 2 at 0, by less everywhere else. *)
(* Mutant, the gap at 0 is 1: `Rmax x 0 = ln 2` becomes `Rmax x 0 = 1` *)
(* Mutant, the gap stays below one half: `< ln 2` becomes `< 1 / 2` *)
Theorem softplus_gap (x : R) :
  0 < softplus x - Rmax x 0
  /\ (x = 0 -> softplus x - Rmax x 0 = ln 2)
  /\ (x <> 0 -> softplus x - Rmax x 0 < ln 2).
Proof.
  replace (softplus x - Rmax x 0) with (ln (1 + exp (- Rabs x)))
    by (rewrite softplus_stable; ring).
  assert (positive := exp_pos (- Rabs x)). repeat split.
  - rewrite <- ln_1 at 1. apply ln_increasing; lra.
  - intros ->. rewrite Rabs_R0, Ropp_0, exp_0. now replace (1 + 1) with 2 by ring.
  - intros other. apply ln_increasing; [lra |].
    assert (0 < Rabs x) by (apply Rabs_pos_lt; easy).
    assert (exp (- Rabs x) < exp 0) by (apply exp_increasing; lra).
    rewrite exp_0 in *. lra.
Qed.

(** The logarithm of the sigmoid, and with it the logistic loss, is a softplus too. *)
(* Mutant, the sign of the argument: `softplus (- x)` becomes `softplus x` *)
Theorem log_sigmoid (x : R) : ln (sigmoid x) = - softplus (- x).
Proof.
  unfold sigmoid, softplus. unfold Rdiv. rewrite Rmult_1_l.
  apply ln_Rinv, one_plus_exp_pos.
Qed.

(** ** The hyperbolic tangent *)

Definition tanh (x : R) : R := (exp x - exp (- x)) / (exp x + exp (- x)).

Lemma exp_double (x : R) : exp (2 * x) = exp x * exp x.
Proof. rewrite <- exp_plus. f_equal. ring. Qed.

(** The hyperbolic tangent is the sigmoid, compressed by 2, stretched by 2, shifted by -1. *)
(* Mutant, the factor inside is lost: `sigmoid (2 * x)` becomes `sigmoid x` *)
(* Mutant, the factor in front is lost: `2 * sigmoid (2 * x)` becomes `sigmoid (2 * x)` *)
Theorem tanh_sigmoid (x : R) : tanh x = 2 * sigmoid (2 * x) - 1.
Proof.
  assert (positive := exp_pos x). unfold tanh.
  rewrite sigmoid_second_form, exp_double, exp_Ropp. field. split; nra.
Qed.

(** The derivative of tanh is one minus its square. *)
(* Mutant, the rule of the sigmoid is taken over: `1 - tanh x ^ 2` becomes `tanh x * (1 - tanh x)` *)
(* Mutant, the sign of the tangent's derivative: `1 - tanh x ^ 2` becomes `1 + tanh x ^ 2` *)
Theorem tanh_derivative (x : R) : is_derive tanh x (1 - tanh x ^ 2).
Proof.
  assert (positive := exp_pos x). assert (mirror := exp_pos (- x)).
  unfold tanh. auto_derive; [| field]; lra.
Qed.

(** A unit with tanh is a unit with the sigmoid, up to a constant that the next bias absorbs. *)
(* Mutant, the constant is forgotten: `- v` becomes `- 0` *)
(* Mutant, the weights inside are not doubled: `sigmoid (2 * s)` becomes `sigmoid s` *)
Theorem tanh_unit (v s : R) : v * tanh s = 2 * v * sigmoid (2 * s) - v.
Proof. rewrite tanh_sigmoid. ring. Qed.

(** Twice the sigmoid minus 1, without the factor inside, is tanh at half the argument. *)
(* Mutant, the slip itself: `tanh (x / 2)` becomes `tanh x` *)
Theorem tanh_half (x : R) :
  2 * sigmoid x - 1 = (1 - exp (- x)) / (1 + exp (- x))
  /\ (1 - exp (- x)) / (1 + exp (- x)) = tanh (x / 2).
Proof.
  assert (step : 2 * sigmoid x - 1 = (1 - exp (- x)) / (1 + exp (- x))).
  { unfold sigmoid. field. apply one_plus_exp_neq_0. }
  split; [exact step |].
  rewrite tanh_sigmoid, <- step. now replace (2 * (x / 2)) with x by field.
Qed.

(** The misprinted numerator makes a sigmoid of height 1/e of the hyperbolic tangent, which is
    positive everywhere, even at 0, and tends to 1/e instead of 1. *)
(* Mutant, it is the sigmoid of x: `sigmoid (2 * x)` becomes `sigmoid x` *)
(* Mutant, the limit is that of tanh: `p_infty (/ exp 1)` becomes `p_infty 1` *)
Theorem tanh_misprint :
  let printed x := exp x * exp (- (1)) / (exp x + exp (- x)) in
  (forall x, printed x = / exp 1 * sigmoid (2 * x))
  /\ (forall x, 0 < printed x)
  /\ is_lim printed p_infty (/ exp 1).
Proof.
  intros printed.
  assert (e_positive := exp_pos 1).
  assert (value : forall x, printed x = / exp 1 * sigmoid (2 * x)).
  { intros x. assert (positive := exp_pos x). unfold printed.
    rewrite sigmoid_second_form, exp_double, !exp_Ropp. field. repeat split; nra. }
  repeat split; [exact value | |].
  - intros x. rewrite value. destruct (sigmoid_range (2 * x)) as [above _].
    apply Rmult_lt_0_compat; [apply Rinv_0_lt_compat |]; lra.
  - apply is_lim_ext with (fun x => / exp 1 * sigmoid (2 * x)).
    { intros x. symmetry. apply value. }
    replace (Finite (/ exp 1)) with (Rbar_mult (/ exp 1) 1) by (simpl; f_equal; ring).
    apply is_lim_scal_l, (is_lim_comp sigmoid _ p_infty 1 p_infty (proj2 sigmoid_limits)).
    + apply is_lim_spec. intros M. exists (Rabs M). intros x large.
      assert (bound := Rle_abs M). assert (0 <= Rabs M) by apply Rabs_pos. lra.
    + now exists 0.
Qed.

(** The sigmoid is [exp x] times its mirror image, and by this factor the relative error
    grows when the sigmoid is subtracted from 1. *)
(* Mutant, the two trade places: `sigmoid x / sigmoid (- x)` becomes `sigmoid (- x) / sigmoid x` *)
Theorem sigmoid_ratio (x : R) : sigmoid x / sigmoid (- x) = exp x.
Proof. rewrite sigmoid_symmetry. apply odds. Qed.

(** ** Two classes out of many *)

(** Log-sum-exp and soft(arg)max of a list of numbers, with the parameter 1.  The components
    of the list are counted from 0 by Coq, from 1 by the book. *)

Definition total (r : list R) : R := fold_right Rplus 0 r.
Definition lse (z : list R) : R := ln (total (map exp z)).
Definition softargmax (z : list R) (k : nat) : R := exp (nth k z 0) / total (map exp z).

(** The sigmoid is the first component of soft(arg)max of two numbers, and the softplus is
    their log-sum-exp. *)
(* Mutant, it is the second: `softargmax [x; 0] 0` becomes `softargmax [x; 0] 1` *)
(* Mutant, the two scores trade places: `sigmoid (z1 - z2)` becomes `sigmoid (z2 - z1)` *)
Theorem sigmoid_is_softargmax (x z1 z2 : R) :
  sigmoid x = softargmax [x; 0] 0
  /\ softplus x = lse [x; 0]
  /\ sigmoid (z1 - z2) = softargmax [z1; z2] 0.
Proof.
  unfold softargmax, lse, softplus, total. cbn [map fold_right nth].
  rewrite !sigmoid_second_form, exp_0. repeat split.
  - f_equal. ring.
  - f_equal. ring.
  - unfold Rminus. rewrite exp_plus, exp_Ropp. field.
    assert (0 < exp z1) by apply exp_pos. assert (0 < exp z2) by apply exp_pos.
    split; lra.
Qed.

(** ** Separating two classes

    Points and weight vectors are lists of real numbers, of any length; a data set is a list
    of points with their labels, +1 for class 1 and -1 for class 2. *)

Fixpoint dot (v w : list R) : R :=
  match v, w with
  | x :: v', y :: w' => x * y + dot v' w'
  | _, _ => 0
  end.

Fixpoint sum (v w : list R) : list R :=
  match v, w with
  | x :: v', y :: w' => (x + y) :: sum v' w'
  | _, _ => []
  end.

Definition scale (s : R) (v : list R) : list R := map (Rmult s) v.
Definition difference (v w : list R) : list R := sum v (scale (-1) w).
Definition norm (v : list R) : R := sqrt (dot v v).
Definition nonzero (v : list R) : Prop := Exists (fun r => r <> 0) v.

Fixpoint minimum (r : list R) : R :=
  match r with
  | [] => 0
  | [a] => a
  | a :: r' => Rmin a (minimum r')
  end.

Definition score (w : list R) (b : R) (x : list R) : R := dot w x + b.

Definition signed_score (w : list R) (b : R) (example : list R * R) : R :=
  let (x, y) := example in y * score w b x.

(** The smallest of the signed scores. *)
Definition least_score (w : list R) (b : R) (data : list (list R * R)) : R :=
  minimum (map (signed_score w b) data).

Definition separates (w : list R) (b : R) (data : list (list R * R)) : Prop :=
  forall example, In example data -> signed_score w b example > 0.

(** Facts on inner products and norms. *)

Lemma dot_comm (v w : list R) : dot v w = dot w v.
Proof.
  revert w. induction v as [| x v IH]; intros [| y w]; simpl; try easy.
  rewrite IH. ring.
Qed.

Lemma dot_scale (s : R) (v w : list R) : dot (scale s v) w = s * dot v w.
Proof.
  revert w. induction v as [| x v IH]; intros [| y w]; simpl; try ring.
  fold (scale s v). rewrite IH. ring.
Qed.

Lemma dot_sum (u v w : list R) :
  length u = length v -> dot (sum u v) w = dot u w + dot v w.
Proof.
  revert v w. induction u as [| x u IH]; intros [| y v] [| z w] same; simpl in *; try ring.
  - discriminate.
  - discriminate.
  - rewrite IH by congruence. ring.
Qed.

Lemma dot_scale_right (s : R) (v w : list R) : dot v (scale s w) = s * dot v w.
Proof. now rewrite dot_comm, dot_scale, dot_comm. Qed.

Lemma dot_sum_square (u v : list R) :
  length u = length v -> dot (sum u v) (sum u v) = dot u u + 2 * dot u v + dot v v.
Proof.
  intros same. rewrite dot_sum, (dot_comm u), (dot_comm v), !dot_sum, (dot_comm v u) by easy.
  ring.
Qed.

Lemma length_scale (s : R) (v : list R) : length (scale s v) = length v.
Proof. apply map_length. Qed.

Lemma length_sum (u v : list R) : length u = length v -> length (sum u v) = length u.
Proof.
  revert v. induction u as [| x u IH]; intros [| y v] same; simpl in *; try easy.
  rewrite IH; congruence.
Qed.

Lemma length_difference (u v : list R) :
  length u = length v -> length (difference u v) = length u.
Proof. intros same. apply length_sum. now rewrite length_scale. Qed.

Lemma dot_difference (u v w : list R) :
  length u = length v -> dot (difference u v) w = dot u w - dot v w.
Proof.
  intros same. unfold difference. rewrite dot_sum, dot_scale; [ring |].
  now rewrite length_scale.
Qed.

Lemma dot_nonneg (v : list R) : 0 <= dot v v.
Proof. induction v; simpl; [lra | nra]. Qed.

Lemma norm_nonneg (v : list R) : 0 <= norm v.
Proof. apply sqrt_pos. Qed.

Lemma norm_square (v : list R) : norm v * norm v = dot v v.
Proof. apply sqrt_sqrt, dot_nonneg. Qed.

Lemma norm_pos (v : list R) : nonzero v -> 0 < norm v.
Proof.
  intros other. apply sqrt_lt_R0. induction other as [x v other | x v other IH]; simpl.
  - assert (rest := dot_nonneg v). assert (0 < x * x) by nra. lra.
  - assert (square : 0 <= x * x) by nra. lra.
Qed.

Lemma norm_scale (s : R) (v : list R) : norm (scale s v) = Rabs s * norm v.
Proof.
  unfold norm. rewrite dot_scale, dot_comm, dot_scale, <- Rmult_assoc.
  rewrite sqrt_mult; [| nra | apply dot_nonneg].
  now replace (s * s) with (Rsqr s) by easy; rewrite sqrt_Rsqr_abs.
Qed.

Lemma cauchy_schwarz (v w : list R) : Rabs (dot v w) <= norm v * norm w.
Proof.
  assert (square : dot v w * dot v w <= dot v v * dot w w).
  { revert w. induction v as [| x v IH]; intros [| y w]; simpl.
    - lra.
    - assert (0 <= y * y + dot w w) by (assert (H := dot_nonneg w); nra). lra.
    - assert (0 <= x * x + dot v v) by (assert (H := dot_nonneg v); nra). lra.
    - specialize (IH w). assert (V := dot_nonneg v). assert (W := dot_nonneg w).
      set (p := dot v w) in *. set (a := dot v v) in *. set (b := dot w w) in *.
      (* what remains is 2 x y p <= x^2 b + y^2 a, which is compared by the squares *)
      enough (2 * (x * y * p) <= x * x * b + y * y * a) by nra.
      apply Rle_trans with (Rabs (2 * (x * y * p))); [apply Rle_abs |].
      apply Rsqr_incr_0_var; [| nra].
      rewrite <- Rsqr_abs. unfold Rsqr.
      assert (0 <= (x * y) * (x * y) * (a * b - p * p)) 
        by (apply Rmult_le_pos; [apply Rle_0_sqr | lra]).
      assert (0 <= (x * x * b - y * y * a) * (x * x * b - y * y * a))
        by apply Rle_0_sqr.
      nra. }
  apply Rsqr_incr_0_var.
  - rewrite <- Rsqr_abs. unfold Rsqr.
    replace (norm v * norm w * (norm v * norm w))
      with ((norm v * norm v) * (norm w * norm w)) by ring.
    now rewrite !norm_square.
  - apply Rmult_le_pos; apply norm_nonneg.
Qed.

Lemma minimum_le (r : list R) (a : R) : In a r -> minimum r <= a.
Proof.
  induction r as [| x [| y r] IH]; intros member.
  - easy.
  - destruct member as [-> | []]. simpl. lra.
  - change (Rmin x (minimum (y :: r)) <= a).
    destruct member as [-> | member]; [apply Rmin_l |].
    apply Rle_trans with (minimum (y :: r)); [apply Rmin_r | auto].
Qed.

Lemma minimum_in (r : list R) : r <> [] -> In (minimum r) r.
Proof.
  induction r as [| x [| y r] IH]; intros filled.
  - easy.
  - now left.
  - change (In (Rmin x (minimum (y :: r))) (x :: y :: r)).
    unfold Rmin. destruct (Rle_dec x (minimum (y :: r))); [now left | right].
    now apply IH.
Qed.

(** The distance of a point from a hyperplane: no point of the hyperplane is closer than the
    modulus of the score over the norm of the weights, and one is exactly that close. *)
(* Mutant, the norm of the weights is forgotten in the bound: `Rabs (score w b x) / norm w <=` becomes `Rabs (score w b x) <=` *)
(* Mutant, the norm is squared: `= Rabs (score w b x) / norm w` becomes `= Rabs (score w b x) / (norm w * norm w)` *)
Theorem distance_from_hyperplane (w x : list R) (b : R) :
  length w = length x -> nonzero w ->
  (forall p, length p = length x -> score w b p = 0 ->
     Rabs (score w b x) / norm w <= norm (difference x p))
  /\ (exists p, length p = length x /\ score w b p = 0 /\
        norm (difference x p) = Rabs (score w b x) / norm w).
Proof.
  intros same other. assert (positive := norm_pos w other). split.
  - intros p same_p on. apply Rle_div_l; [lra |].
    replace (score w b x) with (dot (difference x p) w).
    + apply cauchy_schwarz.
    + rewrite dot_difference by easy. unfold score in *.
      rewrite (dot_comm x), (dot_comm p). lra.
  - set (s := score w b x / (norm w * norm w)).
    assert (same_s : length x = length (scale s w)) by now rewrite length_scale.
    exists (difference x (scale s w)). split; [| split].
    + now apply length_difference.
    + unfold score at 1. rewrite dot_comm, dot_difference, dot_scale, <- norm_square by easy.
      rewrite dot_comm. unfold s, score. field. lra.
    + transitivity (norm (scale s w)).
      * unfold norm. f_equal.
        set (v := scale s w) in *. set (p := difference x v).
        assert (length x = length p) by (symmetry; now apply length_difference).
        assert (step : forall u, dot (difference x p) u = dot v u).
        { intros u. rewrite dot_difference by easy. unfold p.
          rewrite dot_difference by easy. ring. }
        rewrite step, dot_comm. apply step.
      * rewrite norm_scale. unfold s, Rdiv.
        rewrite Rabs_mult, Rabs_inv, (Rabs_pos_eq (norm w * norm w)) by nra.
        field. lra.
Qed.

(** *** The four points of the exercise *)

Definition four_points : list (list R * R) :=
  [([1; 1], 1); ([2; 2], 1); ([1; 2], -1); ([2; 3], -1)].

(** The four inequalities between the two weights and the bias. *)
Definition solution (theta : R * R * R) : Prop :=
  let '(w1, w2, b) := theta in
  w1 + w2 + b > 0
  /\ 2 * w1 + 2 * w2 + b > 0
  /\ - w1 - 2 * w2 - b > 0
  /\ - 2 * w1 - 3 * w2 - b > 0.

(** A pair separates the four points exactly when its three numbers satisfy the four
    inequalities. *)
(* Mutant, the bias is forgotten: `solution (w1, w2, b)` becomes `solution (w1, w2, 0)` *)
(* Mutant, the classes trade places: `solution (w1, w2, b)` becomes `solution (- w1, - w2, - b)` *)
Theorem four_inequalities (w1 w2 b : R) :
  separates [w1; w2] b four_points <-> solution (w1, w2, b).
Proof.
  unfold separates, solution, four_points. split.
  - intros all.
    assert (H1 := all ([1; 1], 1) ltac:(simpl; auto)).
    assert (H2 := all ([2; 2], 1) ltac:(simpl; auto)).
    assert (H3 := all ([1; 2], -1) ltac:(simpl; auto)).
    assert (H4 := all ([2; 3], -1) ltac:(simpl; auto)).
    unfold signed_score, score in *. simpl in *. lra.
  - intros inequalities example [<- | [<- | [<- | [<- | []]]]];
      unfold signed_score, score; simpl; lra.
Qed.

(** The weights 1, -1 with the bias 1/2 separate the four points. *)
(* Mutant, the line runs through the points of class 1: `(1 / 2)` becomes `0` *)
(* Mutant, the weights have the other sign: `[1; -1]` becomes `[-1; 1]` *)
Theorem four_points_separated : separates [1; -1] (1 / 2) four_points.
Proof. apply four_inequalities. unfold solution. lra. Qed.

(** With the weights 1, -1 and the bias 1/2, the activations are above one
    half on class 1 and below one half on class 2. *)
(* Mutant, the threshold of class 1 is too high: `1 / 2 < sigmoid` becomes `2 / 3 < sigmoid` *)
Theorem four_points_activations (x : list R) (y : R) :
  In (x, y) four_points ->
  (y = 1 -> 1 / 2 < sigmoid (score [1; -1] (1 / 2) x))
  /\ (y = -1 -> sigmoid (score [1; -1] (1 / 2) x) < 1 / 2).
Proof.
  intros member. assert (right := four_points_separated (x, y) member). simpl in right.
  split; intros ->.
  - apply sigmoid_above_half. lra.
  - rewrite <- (Ropp_involutive (score _ _ _)), sigmoid_symmetry.
    enough (1 / 2 < sigmoid (- score [1; -1] (1 / 2) x)) by lra.
    apply sigmoid_above_half. lra.
Qed.

(** *** The cone of solutions *)

Definition combination (s : R) (u : R * R * R) (t : R) (v : R * R * R) : R * R * R :=
  let '(u1, u2, u3) := u in
  let '(v1, v2, v3) := v in
  (s * u1 + t * v1, s * u2 + t * v2, s * u3 + t * v3).

Definition closure (S : R * R * R -> Prop) (v : R * R * R) : Prop :=
  forall eps : posreal, exists u, ball v eps u /\ S u.

(** The solutions of the four inequalities form a non-empty open convex cone. *)
(* Mutant, one negative coefficient is allowed: `0 < t ->` becomes `t < 0 ->` *)
Theorem cone_open_convex :
  (exists theta, solution theta)
  /\ open solution
  /\ (forall s t u v, 0 < s -> 0 < t -> solution u -> solution v ->
        solution (combination s u t v)).
Proof.
  repeat split.
  - exists (1, -1, 1 / 2). unfold solution. lra.
  - intros [[w1 w2] b] [H1 [H2 [H3 H4]]].
    (* a change of each number by less than one sixth of the least score keeps the signs *)
    set (least := minimum [w1 + w2 + b; 2 * w1 + 2 * w2 + b; - w1 - 2 * w2 - b;
                           - 2 * w1 - 3 * w2 - b]).
    assert (positive : 0 < least).
    { unfold least, minimum. repeat apply Rmin_glb_lt; lra. }
    assert (L1 : least <= w1 + w2 + b) by (apply minimum_le; simpl; auto).
    assert (L2 : least <= 2 * w1 + 2 * w2 + b) by (apply minimum_le; simpl; auto).
    assert (L3 : least <= - w1 - 2 * w2 - b) by (apply minimum_le; simpl; auto).
    assert (L4 : least <= - 2 * w1 - 3 * w2 - b) by (apply minimum_le; simpl; auto).
    exists (mkposreal (least / 6) ltac:(lra)).
    intros [[v1 v2] c] [[near1 near2] near3].
    unfold ball in near1, near2, near3; simpl in near1, near2, near3.
    unfold AbsRing_ball, abs, minus, plus, opp in near1, near2, near3.
    simpl in near1, near2, near3.
    apply Rabs_def2 in near1. apply Rabs_def2 in near2. apply Rabs_def2 in near3.
    unfold solution. lra.
  - destruct u as [[u1 u2] u3], v as [[v1 v2] v3]. unfold combination, solution in *. nra.
Qed.

(** Part 1: the solutions are the vectors t (h2 - h1, -1, 2 h1 - h2), where t is positive and
    the line crosses the verticals 1 and 2 at heights h1 and h2 between the points; and
    different parameters give different vectors. *)
(* Mutant, the line may pass above the upper point: `2 < h2 < 3` becomes `2 < h2 < 4` *)
(* Mutant, the vector 0 has only one representation: `0 < t -> 0 < t' ->` becomes `0 <= t -> 0 <= t' ->` *)
Theorem cone_parameters :
  (forall w1 w2 b, solution (w1, w2, b) <->
     exists t h1 h2, 0 < t /\ 1 < h1 < 2 /\ 2 < h2 < 3 /\
       (w1, w2, b) = (t * (h2 - h1), t * -1, t * (2 * h1 - h2)))
  /\ (forall t h1 h2 t' h1' h2', 0 < t -> 0 < t' ->
        (t * (h2 - h1), t * -1, t * (2 * h1 - h2))
        = (t' * (h2' - h1'), t' * -1, t' * (2 * h1' - h2')) ->
        t = t' /\ h1 = h1' /\ h2 = h2').
Proof.
  split.
  - intros w1 w2 b. split.
    + intros [H1 [H2 [H3 H4]]].
      assert (positive : 0 < - w2) by lra.
      exists (- w2), ((w1 + b) / - w2), ((2 * w1 + b) / - w2).
      repeat split; try lra; try (apply Rlt_div_r; lra); try (apply Rlt_div_l; lra).
      f_equal; [f_equal |]; field; lra.
    + intros [t [h1 [h2 [positive [range1 [range2 equal]]]]]].
      injection equal as -> -> ->. unfold solution. repeat split; nra.
  - intros t h1 h2 t' h1' h2' positive positive' equal.
    injection equal as equal1 equal2 equal3.
    assert (t' = t) by lra. subst t'.
    assert (difference_of_heights : h2 - h1 = h2' - h1') by (apply Rmult_eq_reg_l with t; lra).
    assert (intercept : 2 * h1 - h2 = 2 * h1' - h2') by (apply Rmult_eq_reg_l with t; lra).
    repeat split; lra.
Qed.

(** The closure of the cone: the same inequalities, no longer strict. *)
Lemma solution_closure (w1 w2 b : R) :
  closure solution (w1, w2, b) <->
  0 <= w1 + w2 + b /\ 0 <= 2 * w1 + 2 * w2 + b
  /\ 0 <= - w1 - 2 * w2 - b /\ 0 <= - 2 * w1 - 3 * w2 - b.
Proof.
  split.
  - intros near.
    assert (up_to : forall eps : posreal, 0 <= w1 + w2 + b + 6 * eps
      /\ 0 <= 2 * w1 + 2 * w2 + b + 6 * eps
      /\ 0 <= - w1 - 2 * w2 - b + 6 * eps /\ 0 <= - 2 * w1 - 3 * w2 - b + 6 * eps).
    { intros eps. destruct (near eps) as [[[v1 v2] c] [[[near1 near2] near3] inside]].
      unfold ball in near1, near2, near3; simpl in near1, near2, near3.
      unfold AbsRing_ball, abs, minus, plus, opp in near1, near2, near3.
      simpl in near1, near2, near3.
      apply Rabs_def2 in near1. apply Rabs_def2 in near2. apply Rabs_def2 in near3.
      unfold solution in inside. lra. }
    assert (limit : forall r, (forall eps : posreal, 0 <= r + 6 * eps) -> 0 <= r).
    { intros r all. apply Rnot_lt_le. intros negative.
      specialize (all (mkposreal (- r / 12) ltac:(lra))). simpl in all. lra. }
    repeat split; apply limit; intros eps; apply (up_to eps).
  - intros inequalities eps. assert (positive := cond_pos eps).
    exists (w1 + eps / 2, w2 - eps / 2, b + eps / 4). split.
    + repeat split; unfold ball; simpl; unfold AbsRing_ball, abs, minus, plus, opp; simpl;
        apply Rabs_def1; lra.
    + unfold solution. lra.
Qed.

Definition ray1 : R * R * R := (1, -1, 0).
Definition ray2 : R * R * R := (1, -1, 1).
Definition ray3 : R * R * R := (0, -1, 2).
Definition ray4 : R * R * R := (2, -1, -1).

(** Part 2: the closure of the set of solutions consists of the combinations of four vectors
    with non-negative coefficients. *)
(* Mutant, three of the vectors are enough: `0 <= a4` becomes `a4 = 0` *)
(* Mutant, another vector takes the place of the third: `a3 ray3` becomes `a3 ray1` *)
Theorem cone_closure (theta : R * R * R) :
  closure solution theta <->
  exists a1 a2 a3 a4, 0 <= a1 /\ 0 <= a2 /\ 0 <= a3 /\ 0 <= a4 /\
    theta = combination 1 (combination a1 ray1 a2 ray2) 1 (combination a3 ray3 a4 ray4).
Proof.
  destruct theta as [[w1 w2] b]. rewrite solution_closure.
  unfold combination, ray1, ray2, ray3, ray4. split.
  - intros inequalities. assert (w2 <= 0) as [down | flat] by lra.
    + (* the weights of the corners of the square of heights *)
      set (lower1 := w1 + w2 + b) in *. set (lower2 := 2 * w1 + 2 * w2 + b) in *.
      set (upper1 := - w1 - 2 * w2 - b) in *. set (upper2 := - 2 * w1 - 3 * w2 - b) in *.
      exists (upper1 * upper2 / - w2), (lower1 * lower2 / - w2),
        (lower1 * upper2 / - w2), (upper1 * lower2 / - w2).
      assert (weight : forall p q, 0 <= p -> 0 <= q -> 0 <= p * q / - w2).
      { intros p q P Q. apply Rdiv_le_0_compat; nra. }
      repeat split; try (apply weight; lra).
      unfold lower1, lower2, upper1, upper2. f_equal; [f_equal |]; field; lra.
    + exists 0, 0, 0, 0. repeat split; try lra. f_equal; [f_equal |]; lra.
  - intros [a1 [a2 [a3 [a4 [A1 [A2 [A3 [A4 equal]]]]]]]].
    injection equal as -> -> ->. lra.
Qed.

(** Each of the four vectors spans an extreme ray: if it is the sum of two vectors of the
    closure, these are multiples of it. *)
(* Mutant, one summand may be any vector: `closure solution u` becomes `closure (fun _ => True) u` *)
(* Mutant, the first summand is the vector itself: `exists s t, u = combination s ray 0 ray` becomes `exists s t : R, u = ray` *)
Theorem cone_extreme_rays (ray u v : R * R * R) :
  In ray [ray1; ray2; ray3; ray4] ->
  closure solution u -> closure solution v -> combination 1 u 1 v = ray ->
  exists s t, u = combination s ray 0 ray /\ v = combination t ray 0 ray.
Proof.
  destruct u as [[u1 u2] u3], v as [[v1 v2] v3]. rewrite !solution_closure.
  intros member U V total. exists (- u2), (- v2).
  destruct member as [<- | [<- | [<- | [<- | []]]]];
    unfold combination, ray1, ray2, ray3, ray4 in *; injection total as T1 T2 T3;
    split; (f_equal; [f_equal |]); lra.
Qed.

(** *** The line of largest margin *)

Definition margin (w : list R) (b : R) (data : list (list R * R)) : R :=
  minimum (map (fun example => signed_score w b example / norm w) data).

(** With the weights 2, -2 and the bias 1 the scores of the four points are 1 or -1, each
    with the sign of its label, so that the pair separates and is in canonical scaling. *)
(* Mutant, the bias is twice as large: `[2; -2] 1` becomes `[2; -2] 2` *)
Theorem four_points_canonical : map (signed_score [2; -2] 1) four_points = [1; 1; 1; 1].
Proof.
  unfold four_points, signed_score, score. simpl. repeat f_equal; lra.
Qed.

(** On the four points no pair has a margin above 1 / (2 sqrt 2), and those which have this
    margin are the positive multiples of the weights 2, -2 with the bias 1. *)
(* Mutant, the bound is a little too small: `<= 1 / (2 * sqrt 2)` becomes `<= 1 / 3` *)
(* Mutant, the bound is never reached: `<= 1 / (2 * sqrt 2)` becomes `< 1 / (2 * sqrt 2)` *)
(* Mutant, the negative multiples have it too: `exists s, 0 < s /\` becomes `exists s, s <> 0 /\` *)
Theorem four_points_margin (w1 w2 b : R) :
  nonzero [w1; w2] ->
  margin [w1; w2] b four_points <= 1 / (2 * sqrt 2)
  /\ (margin [w1; w2] b four_points = 1 / (2 * sqrt 2) <->
        exists s, 0 < s /\ w1 = s * 2 /\ w2 = s * -2 /\ b = s * 1).
Proof.
  intros other. assert (positive := norm_pos _ other).
  set (gamma := margin [w1; w2] b four_points). set (best := 1 / (2 * sqrt 2)).
  set (n := norm [w1; w2]) in *.
  assert (root : 0 < sqrt 2) by (apply sqrt_lt_R0; lra).
  assert (root_square : sqrt 2 * sqrt 2 = 2) by (apply sqrt_sqrt; lra).
  assert (best_square : 8 * (best * best) = 1) by (unfold best; field [root_square]; lra).
  assert (best_positive : 0 < best) by (apply Rdiv_lt_0_compat; lra).
  assert (n_square : n * n = w1 * w1 + w2 * w2).
  { unfold n. rewrite norm_square. simpl. ring. }
  (* each of the four scores is at least the margin times the norm *)
  assert (each : forall example, In example four_points ->
            gamma * n <= signed_score [w1; w2] b example).
  { intros example member. apply Rle_div_r; [lra |]. apply minimum_le.
    apply (in_map (fun example => signed_score [w1; w2] b example / n)), member. }
  assert (H1 := each ([1; 1], 1) ltac:(simpl; auto)).
  assert (H2 := each ([2; 2], 1) ltac:(simpl; auto)).
  assert (H3 := each ([1; 2], -1) ltac:(simpl; auto)).
  assert (H4 := each ([2; 3], -1) ltac:(simpl; auto)).
  unfold signed_score, score in H1, H2, H3, H4. simpl in H1, H2, H3, H4.
  (* multiplied by the certificate 1, 3, 3, 1 and added, they lose the bias *)
  assert (certificate : 8 * (gamma * n) <= 2 * w1 - 2 * w2) by lra.
  assert (bound : gamma <= best).
  { apply Rnot_lt_le. intros above.
    assert (best * n < gamma * n) by (apply Rmult_lt_compat_r; lra).
    assert (0 < best * n) by (apply Rmult_lt_0_compat; lra).
    assert (8 * (best * n) * (8 * (best * n)) < (2 * w1 - 2 * w2) * (2 * w1 - 2 * w2))
      by (apply Rmult_le_0_lt_compat; lra).
    replace (8 * (best * n) * (8 * (best * n)))
      with (8 * (8 * (best * best)) * (n * n)) in * by ring.
    rewrite best_square, n_square in *. nra. }
  split; [exact bound | split].
  - intros equal. rewrite equal in *. exists b.
    assert (0 < best * n) by (apply Rmult_lt_0_compat; lra).
    assert (8 * (best * n) * (8 * (best * n)) <= (2 * w1 - 2 * w2) * (2 * w1 - 2 * w2))
      by (apply Rmult_le_compat; lra).
    replace (8 * (best * n) * (8 * (best * n)))
      with (8 * (8 * (best * best)) * (n * n)) in * by ring.
    rewrite best_square, n_square in *.
    assert (opposite : w2 = - w1) by nra.
    assert (half : 2 * (best * n) = w1).
    { apply Rsqr_inj; [lra | lra |]. unfold Rsqr.
      replace (2 * (best * n) * (2 * (best * n)))
        with (8 * (best * best) * (n * n) / 2) by field.
      rewrite best_square, n_square, opposite. field. }
    repeat split; lra.
  - intros [s [s_positive [-> [-> ->]]]].
    assert (value : s / n = best).
    { replace n with (2 * s * sqrt 2); [unfold best; field; lra |].
      apply Rsqr_inj; [nra | lra |]. unfold Rsqr. rewrite n_square.
      replace (2 * s * sqrt 2 * (2 * s * sqrt 2)) with (4 * s * s * (sqrt 2 * sqrt 2)) by ring.
      rewrite root_square. ring. }
    assert (member : In gamma (map (fun example =>
              signed_score [s * 2; s * -2] (s * 1) example / n) four_points))
      by (apply minimum_in; easy).
    rewrite <- value.
    destruct member as [<- | [<- | [<- | [<- | []]]]];
      unfold signed_score, score; simpl; field; lra.
Qed.

(** *** The line of largest margin for any points *)

(** The point at which a part t of the way from u to v is done, and the convex hull: the
    smallest set that contains the points and, with any two of its elements, the segment
    between them. *)
Definition between (t : R) (u v : list R) : list R := sum (scale (1 - t) u) (scale t v).

Inductive hull (points : list (list R)) : list R -> Prop :=
| hull_point p : In p points -> hull points p
| hull_segment t u v :
    hull points u -> hull points v -> 0 <= t <= 1 -> hull points (between t u v).

(** Elements of the hulls of two classes that are as close to each other as any two. *)
Definition nearest (plus minus : list (list R)) (u v : list R) : Prop :=
  hull plus u /\ hull minus v /\
  forall p q, hull plus p -> hull minus q -> norm (difference u v) <= norm (difference p q).

(** All points of one class and all points of the other, with their labels. *)
Definition labelled (plus minus : list (list R)) : list (list R * R) :=
  map (fun x => (x, 1)) plus ++ map (fun x => (x, -1)) minus.

(** Equalities of vectors are proved component by component. *)

Lemma nth_sum (k : nat) (u v : list R) :
  length u = length v -> nth k (sum u v) 0 = nth k u 0 + nth k v 0.
Proof.
  revert k v. induction u as [| x u IH]; intros [| k] [| y v] same; simpl in *; try easy; try ring.
  apply IH. congruence.
Qed.

Lemma nth_scale (k : nat) (s : R) (u : list R) : nth k (scale s u) 0 = s * nth k u 0.
Proof.
  revert k. induction u as [| x u IH]; intros [| k]; simpl; try ring. apply IH.
Qed.

Lemma length_between (t : R) (u v : list R) :
  length u = length v -> length (between t u v) = length u.
Proof. intros same. unfold between. rewrite length_sum; rewrite !length_scale; easy. Qed.

Lemma nth_between (k : nat) (t : R) (u v : list R) :
  length u = length v -> nth k (between t u v) 0 = (1 - t) * nth k u 0 + t * nth k v 0.
Proof.
  intros same. unfold between.
  rewrite nth_sum, !nth_scale; [easy | now rewrite !length_scale].
Qed.

Lemma nth_difference (k : nat) (u v : list R) :
  length u = length v -> nth k (difference u v) 0 = nth k u 0 - nth k v 0.
Proof.
  intros same. unfold difference.
  rewrite nth_sum, nth_scale; [ring | now rewrite length_scale].
Qed.

Lemma vector_equal (u v : list R) :
  length u = length v -> (forall k, nth k u 0 = nth k v 0) -> u = v.
Proof. intros same each. apply nth_ext with 0 0; auto. Qed.

Lemma difference_zero (u v : list R) :
  length u = length v -> dot (difference u v) (difference u v) = 0 -> u = v.
Proof.
  revert v. induction u as [| x u IH]; intros [| y v] same zero; try easy.
  change ((x + -1 * y) * (x + -1 * y) + dot (difference u v) (difference u v) = 0) in zero.
  assert (rest := dot_nonneg (difference u v)).
  assert (0 <= (x + -1 * y) * (x + -1 * y)) by apply Rle_0_sqr.
  f_equal; [nra |]. apply IH; [simpl in same; congruence | lra].
Qed.

Lemma dot_between (t : R) (u v w : list R) :
  length u = length v -> dot w (between t u v) = (1 - t) * dot w u + t * dot w v.
Proof.
  intros same. unfold between.
  rewrite dot_comm, dot_sum, !dot_scale, (dot_comm u), (dot_comm v); [easy |].
  now rewrite !length_scale.
Qed.

Lemma hull_length (d : nat) (points : list (list R)) (u : list R) :
  (forall p, In p points -> length p = d) -> hull points u -> length u = d.
Proof.
  intros same inside. induction inside; [auto |].
  rewrite length_between; congruence.
Qed.

Lemma hull_more (p u : list R) (points : list (list R)) :
  hull points u -> hull (p :: points) u.
Proof.
  intros inside. induction inside; [now apply hull_point; right | now apply hull_segment].
Qed.

(** A bound on the scores of the points is one on the hull. *)
Lemma hull_score (d : nat) (points : list (list R)) (w u : list R) (c : R) :
  (forall p, In p points -> length p = d) -> (forall p, In p points -> c <= dot w p) ->
  hull points u -> c <= dot w u.
Proof.
  intros same above inside. induction inside as [| t u v U IHu V IHv range]; [auto |].
  assert (length u = d) by now apply hull_length with points.
  assert (length v = d) by now apply hull_length with points.
  rewrite dot_between by congruence. nra.
Qed.

(** **** Existence of nearest points *)

(** The norm obeys the triangle inequality. *)
Lemma norm_triangle (u v : list R) :
  length u = length v -> norm (sum u v) <= norm u + norm v.
Proof.
  intros same. assert (U := norm_nonneg u). assert (V := norm_nonneg v).
  apply Rsqr_incr_0_var; [| lra]. unfold Rsqr. rewrite norm_square.
  rewrite dot_sum, (dot_comm u), (dot_comm v), !dot_sum, <- !norm_square by easy.
  rewrite (dot_comm v u). assert (bound := cauchy_schwarz u v).
  assert (dot u v <= Rabs (dot u v)) by apply Rle_abs. nra.
Qed.

Lemma norm_difference_comm (u v : list R) :
  length u = length v -> norm (difference u v) = norm (difference v u).
Proof.
  intros same. transitivity (norm (scale (-1) (difference v u))).
  - f_equal. apply vector_equal.
    + now rewrite length_scale, !length_difference.
    + intros k. rewrite nth_scale, !nth_difference by easy. ring.
  - rewrite norm_scale, Rabs_left by lra. ring.
Qed.

(** A function of vectors with d components that changes at most m times as much as they. *)
Definition lipschitz (d : nat) (m : R) (f : list R -> R) : Prop :=
  0 <= m /\ forall u v, length u = d -> length v = d ->
    f u - f v <= m * norm (difference u v).

Lemma distance_lipschitz (d : nat) (p : list R) :
  length p = d -> lipschitz d 1 (fun u => norm (difference u p)).
Proof.
  intros same_p. split; [lra |]. intros u v same_u same_v.
  enough (norm (difference u p) <= norm (difference u v) + norm (difference v p)) by lra.
  assert (same : length (difference u v) = length (difference v p))
    by (rewrite !length_difference; congruence).
  eapply Rle_trans; [| now apply norm_triangle]. apply Req_le. f_equal. apply vector_equal.
  - rewrite length_sum, !length_difference; congruence.
  - intros k. rewrite nth_sum, !nth_difference by congruence. ring.
Qed.

Lemma distance_convex (d : nat) (t : R) (u v p : list R) :
  length u = d -> length v = d -> length p = d -> 0 <= t <= 1 ->
  norm (difference (between t u v) p)
    <= (1 - t) * norm (difference u p) + t * norm (difference v p).
Proof.
  intros same_u same_v same_p range.
  assert (equal : difference (between t u v) p
            = sum (scale (1 - t) (difference u p)) (scale t (difference v p))).
  { apply vector_equal.
    - rewrite length_sum; rewrite ?length_scale, ?length_difference, ?length_between;
        rewrite ?length_between; congruence.
    - intros k. rewrite nth_sum, !nth_scale, !nth_difference, nth_between;
        rewrite ?length_scale, ?length_between, ?length_difference; try congruence. ring. }
  rewrite equal. eapply Rle_trans.
  - apply norm_triangle. rewrite !length_scale, !length_difference; congruence.
  - rewrite !norm_scale, !Rabs_pos_eq by lra. lra.
Qed.

Lemma hull_bounded (d : nat) (points : list (list R)) (p : list R) :
  (forall x, In x points -> length x = d) -> length p = d ->
  exists bound, 0 <= bound /\ forall u, hull points u -> norm (difference u p) <= bound.
Proof.
  intros same same_p.
  assert (on_points : exists bound, 0 <= bound /\
            forall x, In x points -> norm (difference x p) <= bound).
  { clear same. induction points as [| x points [bound [nonneg IH]]].
    { now exists 0; split; [lra |]. }
    exists (Rmax bound (norm (difference x p))). split.
    - apply Rle_trans with bound; [easy | apply Rmax_l].
    - intros y [<- | member]; [apply Rmax_r |].
      apply Rle_trans with bound; [auto | apply Rmax_l]. }
  destruct on_points as [bound [nonneg on_points]].
  exists bound. split; [easy |].
  intros u inside. induction inside as [| t u v U IHu V IHv range]; [auto |].
  assert (same_u : length u = d) by now apply hull_length with points.
  assert (same_v : length v = d) by now apply hull_length with points.
  eapply Rle_trans; [now apply distance_convex with d | nra].
Qed.

(** With one more point, the hull consists of the segments from it to the hull of the rest. *)
Lemma hull_cons (d : nat) (p u : list R) (points : list (list R)) :
  points <> [] -> length p = d -> (forall x, In x points -> length x = d) ->
  hull (p :: points) u ->
  exists t q, 0 <= t <= 1 /\ hull points q /\ u = between t p q.
Proof.
  intros filled same_p same inside.
  assert (length_in : forall q, hull points q -> length q = d)
    by (intros; now apply hull_length with points).
  induction inside as [x member | t u v _ [t1 [q1 [range1 [Q1 ->]]]]
                                        _ [t2 [q2 [range2 [Q2 ->]]]] range].
  - destruct member as [<- | member].
    + destruct points as [| q points]; [easy |].
      exists 0, q. assert (same_q : length q = d) by (apply same; now left).
      repeat split; [lra | lra | apply hull_point; now left |].
      apply vector_equal; [rewrite length_between; congruence |].
      intros k. rewrite nth_between by congruence. ring.
    + exists 1, x. assert (same_x : length x = d) by now apply same.
      repeat split; [lra | lra | now apply hull_point |].
      apply vector_equal; [rewrite length_between; congruence |].
      intros k. rewrite nth_between by congruence. ring.
  - assert (L1 := length_in q1 Q1). assert (L2 := length_in q2 Q2).
    set (whole := (1 - t) * t1 + t * t2).
    assert (part1 : 0 <= (1 - t) * t1) by (apply Rmult_le_pos; lra).
    assert (part2 : 0 <= t * t2) by (apply Rmult_le_pos; lra).
    assert (whole_range : 0 <= whole <= 1) by (unfold whole; nra).
    assert (lengths : length (between t1 p q1) = length (between t2 p q2))
      by (rewrite !length_between; congruence).
    destruct (Req_dec whole 0) as [zero | other].
    + exists 0, q1. repeat split; [lra | lra | easy |].
      apply vector_equal; [rewrite !length_between; congruence |].
      intros k. rewrite !nth_between by congruence.
      assert ((1 - t) * t1 = 0) by (unfold whole in zero; lra).
      assert (t * t2 = 0) by (unfold whole in zero; lra).
      replace ((1 - t) * ((1 - t1) * nth k p 0 + t1 * nth k q1 0)
               + t * ((1 - t2) * nth k p 0 + t2 * nth k q2 0))
        with (nth k p 0 - ((1 - t) * t1) * (nth k p 0 - nth k q1 0)
              - (t * t2) * (nth k p 0 - nth k q2 0)) by ring.
      rewrite H, H0. ring.
    + set (inner := t * t2 / whole).
      exists whole, (between inner q1 q2).
      assert (inner_range : 0 <= inner <= 1).
      { unfold inner. split; [apply Rdiv_le_0_compat; lra |].
        apply Rle_div_l; unfold whole in *; lra. }
      assert (length (between inner q1 q2) = d) by (rewrite length_between; congruence).
      repeat split; [lra | lra | now apply hull_segment |].
      apply vector_equal; [rewrite !length_between; congruence |].
      intros k. rewrite !nth_between by congruence.
      unfold inner. field_simplify_eq; [unfold whole; ring | exact other].
Qed.

(** The infimum of a function on a set, as a number; it is of use where it is attained. *)
Definition infimum (inside : list R -> Prop) (f : list R -> R) : R :=
  real (Glb_Rbar (fun r => exists q, inside q /\ r = f q)).

Lemma infimum_attained (inside : list R -> Prop) (f : list R -> R) (q : list R) :
  inside q -> (forall p, inside p -> f q <= f p) -> infimum inside f = f q.
Proof.
  intros member least. unfold infimum.
  rewrite (is_glb_Rbar_unique _ (f q)); [easy |]. split.
  - intros r [p [P ->]]. now apply least.
  - intros bound below. apply below. now exists q.
Qed.

(** If a family of functions attains its minima, and its members change little with the
    parameter, then the minimum changes little too. *)
Lemma infimum_change (inside : list R -> Prop) (f g : list R -> R) (delta : R) :
  (exists q, inside q /\ forall p, inside p -> f q <= f p) ->
  (exists q, inside q /\ forall p, inside p -> g q <= g p) ->
  (forall q, inside q -> f q - g q <= delta) ->
  infimum inside f - infimum inside g <= delta.
Proof.
  intros [q [Q least]] [r [S least']] near.
  rewrite (infimum_attained inside f q), (infimum_attained inside g r) by easy.
  specialize (near r S). specialize (least r S). lra.
Qed.

Lemma lipschitz_continuous (c : R) (f : R -> R) (t : R) :
  0 <= c -> (forall r s, f r - f s <= c * Rabs (r - s)) -> continuity_pt f t.
Proof.
  intros nonneg change eps positive. exists (eps / (c + 1)).
  split; [apply Rdiv_lt_0_compat; lra |].
  intros s [_ near]. simpl in *. unfold R_dist in *.
  assert (small : (c + 1) * Rabs (s - t) < eps).
  { rewrite Rmult_comm. apply Rlt_div_r; [lra | exact near]. }
  assert (up := change s t). assert (down := change t s).
  rewrite (Rabs_minus_sym t s) in down. assert (P := Rabs_pos (s - t)).
  apply Rabs_def1; lra.
Qed.

(** A Lipschitz function has a minimum on the hull of finitely many points. *)
Lemma hull_minimum (d : nat) (points : list (list R)) :
  points <> [] -> (forall p, In p points -> length p = d) ->
  forall m f, lipschitz d m f ->
  exists q, hull points q /\ forall p, hull points p -> f q <= f p.
Proof.
  induction points as [| p points IH]; intros filled same m f [m_nonneg change]; [easy |].
  assert (same_p : length p = d) by (apply same; now left).
  destruct points as [| p' points].
  { (* one point alone *)
    exists p. split; [apply hull_point; now left |].
    assert (only : forall u, hull [p] u -> u = p).
    { intros u inside. induction inside as [u [<- | []] | t u v _ -> _ -> range]; [easy |].
      apply vector_equal; [now apply length_between |].
      intros k. rewrite nth_between by easy. ring. }
    intros u inside. rewrite (only u inside). lra. }
  set (rest := p' :: points) in *.
  assert (same_rest : forall x, In x rest -> length x = d) by (intros; apply same; now right).
  assert (length_in : forall q, hull rest q -> length q = d)
    by (intros; now apply hull_length with rest).
  (* the minimum over the rest, at each place t of the segments *)
  set (at_place t q := f (between t p q)).
  assert (attained : forall t, exists q, hull rest q /\
            forall x, hull rest x -> at_place t q <= at_place t x).
  { intros t. apply IH with (m * Rabs t); [easy | easy |]. split.
    - apply Rmult_le_pos; [easy | apply Rabs_pos].
    - intros u v same_u same_v. unfold at_place. eapply Rle_trans.
      + apply change; rewrite length_between; congruence.
      + rewrite Rmult_assoc. apply Rmult_le_compat_l; [easy |].
        rewrite <- norm_scale. apply Req_le. f_equal. apply vector_equal.
        * rewrite length_scale, !length_difference; rewrite ?length_between; congruence.
        * intros k. rewrite nth_scale, !nth_difference, !nth_between;
            rewrite ?length_between; try congruence. ring. }
  set (least t := infimum (hull rest) (at_place t)).
  destruct (hull_bounded d rest p same_rest same_p) as [bound [bound_nonneg bounded]].
  assert (least_change : forall s t, least s - least t <= m * bound * Rabs (s - t)).
  { intros s t. apply infimum_change; auto. intros q Q. assert (L := length_in q Q).
    unfold at_place. eapply Rle_trans; [apply change; rewrite length_between; congruence |].
    rewrite Rmult_assoc. apply Rmult_le_compat_l; [easy |].
    apply Rle_trans with (norm (scale (s - t) (difference q p))).
    - apply Req_le. f_equal. apply vector_equal.
      + rewrite length_scale, !length_difference; rewrite ?length_between; congruence.
      + intros k. rewrite nth_scale, !nth_difference, !nth_between;
          rewrite ?length_between; try congruence. ring.
    - rewrite norm_scale, Rmult_comm. apply Rmult_le_compat_r; [apply Rabs_pos | auto]. }
  assert (continuous_least : forall t, 0 <= t <= 1 -> continuity_pt least t).
  { intros t _. apply (lipschitz_continuous (m * bound)); [nra | exact least_change]. }
  destruct (continuity_ab_min least 0 1 Rle_0_1 continuous_least) as [t [lowest range]].
  destruct (attained t) as [q [Q q_least]].
  exists (between t p q). split.
  - apply hull_segment; [now apply hull_point; left | now apply hull_more | easy].
  - intros u inside.
    destruct (hull_cons d p u rest) as [s [x [s_range [X ->]]]]; try easy.
    destruct (attained s) as [y [Y y_least]].
    apply Rle_trans with (at_place s y); [| now apply y_least].
    rewrite <- (infimum_attained (hull rest) (at_place s) y) by easy.
    change (at_place t q <= least s).
    rewrite <- (infimum_attained (hull rest) (at_place t) q) by easy. now apply lowest.
Qed.

(** The convex hulls of two classes contain points with the smallest distance. *)
(* Mutant, the classes need not have points: `minus <> []` becomes `minus = []` *)
Theorem nearest_points_exist (d : nat) (plus minus : list (list R)) :
  plus <> [] -> minus <> [] -> (forall x, In x (plus ++ minus) -> length x = d) ->
  exists u v, nearest plus minus u v.
Proof.
  intros filled_plus filled_minus same.
  assert (same_plus : forall x, In x plus -> length x = d)
    by (intros; apply same, in_or_app; now left).
  assert (same_minus : forall x, In x minus -> length x = d)
    by (intros; apply same, in_or_app; now right).
  assert (closest : forall u, length u = d -> exists v, hull minus v /\
            forall q, hull minus q -> norm (difference v u) <= norm (difference q u)).
  { intros u same_u. apply hull_minimum with d 1; try easy. now apply distance_lipschitz. }
  set (distance u := infimum (hull minus) (fun q => norm (difference q u))).
  destruct (hull_minimum d plus filled_plus same_plus 1 distance) as [u [U least]].
  { split; [lra |]. intros u v same_u same_v.
    apply infimum_change; [now apply closest | now apply closest |].
    intros q Q. assert (same_q : length q = d) by now apply hull_length with minus.
    rewrite (norm_difference_comm q u), (norm_difference_comm q v) by congruence.
    now apply (distance_lipschitz d q). }
  assert (same_u : length u = d) by now apply hull_length with plus.
  destruct (closest u same_u) as [v [V v_least]].
  assert (same_v : length v = d) by now apply hull_length with minus.
  exists u, v. repeat split; [easy | easy |]. intros p q P Q.
  assert (same_p : length p = d) by now apply hull_length with plus.
  assert (same_q : length q = d) by now apply hull_length with minus.
  destruct (closest p same_p) as [q' [Q' q_least]].
  rewrite (norm_difference_comm u v), (norm_difference_comm p q) by congruence.
  apply Rle_trans with (norm (difference q' p)); [| now apply q_least].
  specialize (least p P). unfold distance in least.
  rewrite (infimum_attained _ _ v), (infimum_attained _ _ q') in least by easy. exact least.
Qed.

(** **** The pair that they define *)

Lemma in_labelled (x : list R) (y : R) (plus minus : list (list R)) :
  In (x, y) (labelled plus minus) <-> (In x plus /\ y = 1) \/ (In x minus /\ y = -1).
Proof.
  unfold labelled. rewrite in_app_iff, !in_map_iff. split.
  - intros [[z [equal member]] | [z [equal member]]]; injection equal as <- <-; auto.
  - intros [[member ->] | [member ->]]; [left | right]; now exists x.
Qed.

(** In the direction of the difference of nearest points u and v, no point of the hull of u is
    less far than u. *)
Lemma nearest_supports (d : nat) (points : list (list R)) (u v p : list R) :
  (forall x, In x points -> length x = d) -> length v = d ->
  hull points u -> hull points p ->
  (forall q, hull points q -> norm (difference u v) <= norm (difference q v)) ->
  dot (difference u v) u <= dot (difference u v) p.
Proof.
  intros same same_v U P least.
  assert (same_u : length u = d) by now apply hull_length with points.
  assert (same_p : length p = d) by now apply hull_length with points.
  set (e := difference u v) in *. set (f := difference p u).
  assert (same_e : length e = d) by (unfold e; rewrite length_difference; congruence).
  assert (same_f : length f = d) by (unfold f; rewrite length_difference; congruence).
  enough (0 <= dot e f) as final.
  { unfold f in final. rewrite dot_comm, dot_difference, !(dot_comm _ e) in final; [lra |].
    congruence. }
  assert (all : forall s, 0 <= s <= 1 -> 0 <= 2 * s * dot e f + s * s * dot f f).
  { intros s range. specialize (least (between s u p) (hull_segment _ s u p U P range)).
    assert (moved : difference (between s u p) v = sum e (scale s f)).
    { apply vector_equal.
      - rewrite length_difference, length_sum; rewrite ?length_scale, ?length_between; congruence.
      - intros k. rewrite nth_sum, nth_scale by (rewrite length_scale; congruence).
        unfold e, f. rewrite !nth_difference, nth_between;
          rewrite ?length_between; try congruence. ring. }
    rewrite moved in least.
    assert (squares : norm e * norm e
              <= norm (sum e (scale s f)) * norm (sum e (scale s f)))
      by (apply Rmult_le_compat; try apply norm_nonneg; exact least).
    assert (same_s : length e = length (scale s f)) by (rewrite length_scale; congruence).
    rewrite !norm_square, dot_sum_square, !dot_scale, !dot_scale_right in squares by easy.
    lra. }
  (* a negative product would win for small s *)
  apply Rnot_lt_le. intros negative. assert (nonneg := dot_nonneg f).
  set (s := Rmin 1 (- dot e f / (dot f f + 1))).
  assert (s_positive : 0 < s).
  { apply Rmin_glb_lt; [lra | apply Rdiv_lt_0_compat; lra]. }
  assert (s_one : s <= 1) by apply Rmin_l.
  assert (s_small : s * (dot f f + 1) <= - dot e f) by (apply Rle_div_r; [lra | apply Rmin_r]).
  specialize (all s ltac:(lra)). nra.
Qed.

Lemma signed_score_scale (s : R) (w : list R) (b : R) (example : list R * R) :
  signed_score (scale s w) (s * b) example = s * signed_score w b example.
Proof. destruct example. unfold signed_score, score. rewrite dot_scale. ring. Qed.

Lemma least_score_attained (w : list R) (b : R) (data : list (list R * R)) :
  data <> [] ->
  exists best, In best data /\ signed_score w b best = least_score w b data
    /\ forall example, In example data -> least_score w b data <= signed_score w b example.
Proof.
  intros filled.
  assert (some : In (least_score w b data) (map (signed_score w b) data)).
  { apply minimum_in. intros empty. now apply map_eq_nil in empty. }
  apply in_map_iff in some. destruct some as [best [equal member]].
  exists best. repeat split; [easy | easy |].
  intros example inside. apply minimum_le, in_map, inside.
Qed.

Lemma margin_least (w : list R) (b : R) (data : list (list R * R)) (c : R) :
  data <> [] -> 0 < norm w ->
  (margin w b data = c <->
     (forall example, In example data -> c * norm w <= signed_score w b example)
     /\ exists example, In example data /\ signed_score w b example = c * norm w).
Proof.
  intros filled positive. unfold margin.
  set (quotient example := signed_score w b example / norm w).
  assert (some : In (minimum (map quotient data)) (map quotient data)).
  { apply minimum_in. intros empty. now apply map_eq_nil in empty. }
  apply in_map_iff in some. destruct some as [best [equal member]]. split.
  - intros <-. split.
    + intros example inside. apply Rle_div_r; [lra |].
      apply minimum_le, (in_map quotient), inside.
    + exists best. split; [easy |]. rewrite <- equal. unfold quotient. field. lra.
  - intros [below [example [inside reached]]]. apply Rle_antisym.
    + replace c with (quotient example) by (unfold quotient; rewrite reached; field; lra).
      apply minimum_le, (in_map quotient), inside.
    + rewrite <- equal. apply Rle_div_r; [lra | now apply below].
Qed.

Lemma separation_gap (w : list R) (b : R) (data : list (list R * R)) :
  data <> [] -> separates w b data ->
  exists c, 0 < c /\ forall example, In example data -> c <= signed_score w b example.
Proof.
  intros filled right. exists (least_score w b data).
  destruct (least_score_attained w b data filled) as [best [best_in [<- least]]].
  split; [now apply right | exact least].
Qed.

Lemma nonzero_of_norm (v : list R) : 0 < norm v -> nonzero v.
Proof.
  intros positive. assert (square : 0 < dot v v) by (rewrite <- norm_square; nra).
  clear positive. induction v as [| x v IH]; simpl in square; [lra |].
  destruct (Req_dec x 0) as [-> | other]; [right | now left]. apply IH. lra.
Qed.

(** The margin of a separating pair is the distance from the line to the nearest of the
    points; a positive factor does not change it; one can be chosen so that the smallest signed
    score is 1, and then the margin is one over the norm of the weights. *)
(* Mutant, the factor may be negative: `0 < s -> margin` becomes `s <> 0 -> margin` *)
(* Mutant, the margin is the norm of the weights: `= 1 / norm w)` becomes `= norm w)` *)
Theorem canonical_scaling (w : list R) (b : R) (data : list (list R * R)) :
  data <> [] -> nonzero w -> separates w b data ->
  ((forall x y, In (x, y) data -> y = 1 \/ y = -1) ->
     margin w b data = minimum (map (fun '(x, y) => Rabs (score w b x) / norm w) data))
  /\ (forall s, 0 < s -> margin (scale s w) (s * b) data = margin w b data)
  /\ (least_score w b data = 1 -> margin w b data = 1 / norm w)
  /\ (exists s, 0 < s /\ least_score (scale s w) (s * b) data = 1).
Proof.
  intros filled other right. assert (positive := norm_pos w other).
  destruct (least_score_attained w b data filled) as [best [best_in [best_score least]]].
  repeat split.
  - intros labels. unfold margin. f_equal. apply map_ext_in. intros [x y] member.
    assert (above := right _ member). unfold signed_score in *. f_equal.
    destruct (labels x y member) as [-> | ->].
    + rewrite Rabs_pos_eq; lra.
    + rewrite Rabs_left; lra.
  - intros s s_positive.
    assert (norm_s : norm (scale s w) = s * norm w) by (rewrite norm_scale, Rabs_pos_eq; lra).
    destruct (proj1 (margin_least w b data _ filled positive) eq_refl)
      as [below [example [member reached]]].
    apply margin_least; [easy | rewrite norm_s; nra |]. rewrite norm_s. split.
    + intros one inside. specialize (below one inside). rewrite signed_score_scale. nra.
    + exists example. split; [easy |]. rewrite signed_score_scale, reached. ring.
  - intros canonical. apply margin_least; [easy | easy |].
    replace (1 / norm w * norm w) with 1 by (field; lra). rewrite <- canonical.
    split; [exact least | now exists best].
  - assert (best_positive := right best best_in).
    exists (/ signed_score w b best). split; [apply Rinv_0_lt_compat; lra |].
    destruct (least_score_attained (scale (/ signed_score w b best) w)
                (/ signed_score w b best * b) data filled) as [low [low_in [low_score lowest]]].
    apply Rle_antisym.
    + apply Rle_trans with (1 := lowest best best_in). rewrite signed_score_scale.
      apply Req_le. field. lra.
    + rewrite <- low_score, signed_score_scale.
      assert (inverse : 0 < / signed_score w b best) by (apply Rinv_0_lt_compat; lra).
      replace 1 with (/ signed_score w b best * signed_score w b best) by (field; lra).
      apply Rmult_le_compat_l; [lra |]. rewrite best_score. now apply least.
Qed.

(** Let two classes with points be separable, and let u and v be nearest points of their
    hulls, with the difference e.  The pair of w = 2 e / |e|^2 and b = - w (u + v) / 2 has its
    smallest signed score 1 and the margin |e| / 2.  No separating pair has a larger margin,
    and those with this margin are its positive multiples. *)
(* Mutant, the weights are half as large: `scale (2 / (norm e * norm e))` becomes `scale (1 / (norm e * norm e))` *)
(* Mutant, the margin is the whole distance: `margin w b data = norm e / 2 /\` becomes `margin w b data = norm e /\` *)
(* Mutant, the classes need not be separable: `separates w' b' data) ->` becomes `separates w' b' []) ->` *)
Theorem max_margin (d : nat) (plus minus : list (list R)) (u v : list R) :
  plus <> [] -> minus <> [] -> (forall x, In x (plus ++ minus) -> length x = d) ->
  let data := labelled plus minus in
  (exists w' b', length w' = d /\ separates w' b' data) ->
  nearest plus minus u v ->
  let e := difference u v in
  let w := scale (2 / (norm e * norm e)) e in
  let b := - dot w (scale (1 / 2) (sum u v)) in
  nonzero e
  /\ least_score w b data = 1
  /\ margin w b data = norm e / 2 /\
  forall w' b', length w' = d -> separates w' b' data ->
    margin w' b' data <= norm e / 2
    /\ (margin w' b' data = norm e / 2 -> exists s, 0 < s /\ w' = scale s w /\ b' = s * b).
Proof.
  intros filled_plus filled_minus same data [w0 [b0 [same_w0 right0]]] [U [V least]] e w b.
  assert (same_plus : forall x, In x plus -> length x = d)
    by (intros; apply same, in_or_app; now left).
  assert (same_minus : forall x, In x minus -> length x = d)
    by (intros; apply same, in_or_app; now right).
  assert (same_u : length u = d) by now apply hull_length with plus.
  assert (same_v : length v = d) by now apply hull_length with minus.
  assert (same_e : length e = d) by (unfold e; rewrite length_difference; congruence).
  assert (data_filled : data <> []) by (destruct plus; easy).
  assert (dot_e : forall x, dot x e = dot x u - dot x v).
  { intros x. unfold e. rewrite dot_comm, dot_difference, !(dot_comm x); congruence. }
  (* signed scores of at least c on the points are so on the hulls *)
  assert (gap : forall w' b' c,
            (forall example, In example data -> c <= signed_score w' b' example) ->
            c <= dot w' u + b' /\ c <= - (dot w' v + b')).
  { intros w' b' c all. split.
    - enough (c - b' <= dot w' u) by lra. apply (hull_score d plus); [easy | | easy].
      intros p member.
      assert (at_p := all (p, 1) (proj2 (in_labelled p 1 plus minus)
                                    (or_introl (conj member eq_refl)))).
      unfold signed_score, score in at_p. lra.
    - enough (c + b' <= dot (scale (-1) w') v) as bound by (rewrite dot_scale in bound; lra).
      apply (hull_score d minus); [easy | | easy]. intros p member. rewrite dot_scale.
      assert (at_p := all (p, -1) (proj2 (in_labelled p (-1) plus minus)
                                     (or_intror (conj member eq_refl)))).
      unfold signed_score, score in at_p. lra. }
  (* so the product of the weights of a separating pair with e is positive *)
  assert (product : forall w' b', separates w' b' data -> 0 < dot w' e).
  { intros w' b' right. destruct (separation_gap w' b' data) as [c [positive all]]; try easy.
    destruct (gap w' b' c all). rewrite dot_e. lra. }
  assert (bound : forall x, dot x e <= norm x * norm e).
  { intros x. apply Rle_trans with (Rabs (dot x e)); [apply Rle_abs | apply cauchy_schwarz]. }
  set (D := norm e) in *.
  assert (D_positive : 0 < D).
  { assert (first := product w0 b0 right0). assert (second := bound w0).
    assert (0 <= norm w0) by apply norm_nonneg. assert (0 <= D) by apply norm_nonneg. nra. }
  assert (D_square : D * D = dot e u - dot e v) by (rewrite <- dot_e; apply norm_square).
  assert (dot_w : forall x, dot w x = 2 / (D * D) * dot e x) by (intros; apply dot_scale).
  assert (value_b : b = - (dot e u + dot e v) / (D * D)).
  { unfold b. rewrite (dot_comm w), dot_scale, dot_sum, !(dot_comm _ w), !dot_w by congruence.
    field. lra. }
  (* the pair has signed scores of at least 1, and 1 is reached *)
  assert (scores : forall example, In example data -> 1 <= signed_score w b example).
  { intros [x y] member. unfold signed_score, score. rewrite dot_w, value_b.
    apply in_labelled in member. destruct member as [[member ->] | [member ->]].
    - assert (support : dot e u <= dot e x).
      { apply (nearest_supports d plus); try easy; [now apply hull_point | now auto]. }
      replace (1 * (2 / (D * D) * dot e x + - (dot e u + dot e v) / (D * D)))
        with ((2 * dot e x - (dot e u + dot e v)) / (D * D)) by (field; lra).
      apply Rle_div_r; nra.
    - assert (support : dot (difference v u) v <= dot (difference v u) x).
      { apply (nearest_supports d minus); try easy; [now apply hull_point |].
        intros q Q. assert (same_q : length q = d) by now apply hull_length with minus.
        rewrite (norm_difference_comm v u), (norm_difference_comm q u) by congruence.
        now apply least. }
      unfold e in *. rewrite !dot_difference in * by congruence.
      replace (-1 * (2 / (D * D) * (dot u x - dot v x)
                     + - (dot u u - dot v u + (dot u v - dot v v)) / (D * D)))
        with ((2 * (dot v x - dot u x) + (dot u u - dot v u + (dot u v - dot v v))) / (D * D))
        by (field; lra).
      apply Rle_div_r; nra. }
  assert (attained : exists example, In example data /\ signed_score w b example = 1
            /\ least_score w b data = 1).
  { destruct (least_score_attained w b data data_filled) as [best [member [equal below]]].
    exists best. assert (above := scores best member).
    destruct (gap w b (least_score w b data) below) as [at_u _].
    replace (dot w u + b) with 1 in at_u; [repeat split; [easy | lra | lra] |].
    rewrite dot_w, value_b. replace (dot e v) with (dot e u - D * D) by lra. field. lra. }
  destruct attained as [best [best_in [best_score canonical]]].
  assert (norm_w : norm w = 2 / D).
  { unfold w. rewrite norm_scale. fold D.
    rewrite Rabs_pos_eq; [field; lra | apply Rlt_le, Rdiv_lt_0_compat; nra]. }
  assert (half : D / 2 * norm w = 1) by (rewrite norm_w; field; lra).
  split; [| split; [| split]].
  - apply nonzero_of_norm. exact D_positive.
  - exact canonical.
  - apply margin_least; [easy | rewrite norm_w; apply Rdiv_lt_0_compat; lra |].
    rewrite half. split; [exact scores | now exists best].
  - intros w' b' same_w' right. assert (positive := product w' b' right).
    assert (schwarz := bound w'). set (n := norm w') in *.
    assert (n_nonneg : 0 <= n) by apply norm_nonneg.
    assert (n_positive : 0 < n) by nra.
    destruct (proj1 (margin_least w' b' data _ data_filled n_positive) eq_refl) as [all _].
    destruct (gap _ _ _ all) as [at_u at_v]. fold n in at_u, at_v.
    set (gamma := margin w' b' data) in *. rewrite dot_e in schwarz.
    split; [apply Rmult_le_reg_r with n; lra |].
    intros equal. rewrite equal in *. exists (n * D / 2).
    assert (s_positive : 0 < n * D / 2) by nra.
    assert (direction : scale D w' = scale n e).
    { apply difference_zero; [rewrite !length_scale; congruence |].
      rewrite dot_difference by (rewrite !length_scale; congruence).
      rewrite !(dot_comm _ (difference _ _)), !dot_difference, !dot_scale
        by (rewrite !length_scale; congruence).
      rewrite !(dot_comm _ (scale _ _)), !dot_scale, (dot_comm e w'), <- !norm_square, dot_e.
      fold n D. replace (dot w' u - dot w' v) with (n * D) by lra. ring. }
    assert (same_direction : w' = scale (n * D / 2) w).
    { apply vector_equal; [unfold w; rewrite !length_scale; congruence |].
      intros k. assert (component : nth k (scale D w') 0 = nth k (scale n e) 0)
        by now rewrite direction.
      unfold w. rewrite !nth_scale in *. fold D.
      apply Rmult_eq_reg_l with D; [| lra]. rewrite component. field. lra. }
    repeat split; [exact s_positive | exact same_direction |].
    assert (value_u : dot w' u = n * D / 2 * (2 / (D * D) * dot e u)).
    { rewrite same_direction at 1. now rewrite dot_scale, dot_w. }
    assert (score_u : b' = n * D / 2 - dot w' u) by lra.
    rewrite score_u, value_u, value_b.
    replace (dot e v) with (dot e u - D * D) by lra. field. lra.
Qed.

(** For the four points there are many pairs of nearest points of the hulls, one for each s
    from 3/2 to 2, but their difference is always the same.  Each gives four multipliers, not
    negative, which add the points, with their signs, up to the best weights. *)
(* Mutant, s begins at 1: `3 / 2 <= s <= 2` becomes `1 <= s <= 2` *)
(* Mutant, the second point lies elsewhere on its segment: `[s - 1 / 2; s + 1 / 2]` becomes `[s - 1 / 4; s + 3 / 4]` *)
Theorem four_points_certificates (s : R) :
  3 / 2 <= s <= 2 ->
  nearest [[1; 1]; [2; 2]] [[1; 2]; [2; 3]] [s; s] [s - 1 / 2; s + 1 / 2]
  /\ exists a1 a2 a3 a4,
       a1 = 8 - 4 * s /\ a2 = 4 * s - 4 /\ a3 = 10 - 4 * s /\ a4 = 4 * s - 6
       /\ 0 <= a1 /\ 0 <= a2 /\ 0 <= a3 /\ 0 <= a4 /\ a1 + a2 - a3 - a4 = 0
       /\ sum (sum (scale a1 [1; 1]) (scale a2 [2; 2]))
              (sum (scale (- a3) [1; 2]) (scale (- a4) [2; 3])) = [2; -2].
Proof.
  intros range. split.
  - assert (U : hull [[1; 1]; [2; 2]] [s; s]).
    { replace [s; s] with (between (s - 1) [1; 1] [2; 2]).
      - apply hull_segment; [apply hull_point | apply hull_point | lra]; simpl; auto.
      - unfold between, scale. simpl. f_equal; [| f_equal]; ring. }
    assert (V : hull [[1; 2]; [2; 3]] [s - 1 / 2; s + 1 / 2]).
    { replace [s - 1 / 2; s + 1 / 2] with (between (s - 3 / 2) [1; 2] [2; 3]).
      - apply hull_segment; [apply hull_point | apply hull_point | lra]; simpl; auto.
      - unfold between, scale. simpl. f_equal; [| f_equal]; field. }
    split; [exact U | split; [exact V |]]. intros p q P Q.
    (* the score x1 - x2 is 0 on the one hull and -1 on the other *)
    assert (p_line : 0 <= dot [1; -1] p).
    { apply (hull_score 2 [[1; 1]; [2; 2]]); try easy;
        intros x [<- | [<- | []]]; simpl; try easy; lra. }
    assert (q_line : 1 <= dot [-1; 1] q).
    { apply (hull_score 2 [[1; 2]; [2; 3]]); try easy;
        intros x [<- | [<- | []]]; simpl; try easy; lra. }
    assert (same_p : length p = 2%nat).
    { apply hull_length with [[1; 1]; [2; 2]]; [| easy]. now intros x [<- | [<- | []]]. }
    assert (same_q : length q = 2%nat).
    { apply hull_length with [[1; 2]; [2; 3]]; [| easy]. now intros x [<- | [<- | []]]. }
    destruct p as [| p1 [| p2 [| p3 p]]]; try discriminate.
    destruct q as [| q1 [| q2 [| q3 q]]]; try discriminate.
    apply sqrt_le_1_alt. unfold difference, scale. simpl in *.
    assert (apart : 1 <= (p1 - q1) - (p2 - q2)) by lra.
    assert (0 <= ((p1 - q1) + (p2 - q2)) ^ 2) by apply pow2_ge_0. nra.
  - exists (8 - 4 * s), (4 * s - 4), (10 - 4 * s), (4 * s - 6).
    repeat split; try lra. unfold scale. simpl. f_equal; [| f_equal]; ring.
Qed.

(** ** There is no best scale *)

(** The logistic loss of the pair (w, b). *)
Definition loss (w : list R) (b : R) (data : list (list R * R)) : R :=
  total (map (fun example => ln (1 + exp (- signed_score w b example))) data).

Lemma exp_le (x y : R) : x <= y -> exp x <= exp y.
Proof. intros [less | ->]; [apply Rlt_le; now apply exp_increasing | apply Rle_refl]. Qed.

Lemma log_term_pos (r : R) : 0 < ln (1 + exp r).
Proof. rewrite <- ln_1 at 1. assert (H := exp_pos r). apply ln_increasing; lra. Qed.

Lemma log_term_le (r : R) : ln (1 + exp r) <= exp r.
Proof.
  assert (H := exp_pos r). rewrite <- (ln_exp (exp r)) at 2.
  apply ln_le; [lra | apply Rlt_le, exp_ineq1; lra].
Qed.

Lemma log_term_increasing (r t : R) : r < t -> ln (1 + exp r) < ln (1 + exp t).
Proof.
  intros less. assert (H := exp_pos r). assert (exp r < exp t) by now apply exp_increasing.
  apply ln_increasing; lra.
Qed.

Lemma total_le {A : Type} (f g : A -> R) (l : list A) :
  (forall a, In a l -> f a <= g a) -> total (map f l) <= total (map g l).
Proof.
  induction l as [| a l IH]; intros below; simpl; [lra |].
  assert (f a <= g a) by (apply below; now left).
  assert (total (map f l) <= total (map g l)) by (apply IH; intros; apply below; now right).
  unfold total in *. lra.
Qed.

Lemma total_lt {A : Type} (f g : A -> R) (l : list A) :
  (forall a, In a l -> f a <= g a) -> (exists a, In a l /\ f a < g a) ->
  total (map f l) < total (map g l).
Proof.
  induction l as [| a l IH]; intros below [c [member less]]; [easy |].
  assert (first : f a <= g a) by (apply below; now left).
  assert (rest : forall d, In d l -> f d <= g d) by (intros; apply below; now right).
  assert (rest_le := total_le f g l rest).
  simpl. destruct member as [-> | member].
  - unfold total in *. lra.
  - assert (total (map f l) < total (map g l)) by (apply IH; [| exists c]; auto).
    unfold total in *. lra.
Qed.

Lemma total_const {A : Type} (c : R) (l : list A) :
  total (map (fun _ => c) l) = INR (length l) * c.
Proof.
  induction l as [| a l IH]; [simpl; ring |].
  change (c + total (map (fun _ => c) l) = INR (S (length l)) * c).
  rewrite IH, S_INR. ring.
Qed.

Lemma total_ge_term {A : Type} (f : A -> R) (l : list A) (a : A) :
  (forall c, In c l -> 0 <= f c) -> In a l -> f a <= total (map f l).
Proof.
  induction l as [| c l IH]; intros nonneg member; [easy |].
  assert (0 <= f c) by (apply nonneg; now left).
  assert (tail : forall d, In d l -> 0 <= f d) by (intros; apply nonneg; now right).
  assert (0 <= total (map f l)).
  { apply Rle_trans with (total (map (fun _ => 0) l)); [rewrite total_const; lra |].
    now apply total_le. }
  change (f a <= f c + total (map f l)). destruct member as [<- | member]; [lra |].
  specialize (IH tail member). lra.
Qed.

(** The logistic loss is minus the logarithm of the probability of all the labels, each of
    which has the sigmoid of its signed score; and it is a sum of softplus. *)
(* Mutant, the minus is forgotten: `= - ln` becomes `= ln` *)
(* Mutant, the sign of the scores: `softplus (- signed_score w b example)` becomes `softplus (signed_score w b example)` *)
Theorem loss_is_likelihood (w : list R) (b : R) (data : list (list R * R)) :
  let probability example := sigmoid (signed_score w b example) in
  loss w b data = - ln (fold_right Rmult 1 (map probability data))
  /\ loss w b data = total (map (fun example => softplus (- signed_score w b example)) data).
Proof.
  intros probability. split; [| easy].
  assert (product : forall l, 0 < fold_right Rmult 1 (map probability l)).
  { induction l as [| example l IH]; simpl; [lra |].
    apply Rmult_lt_0_compat; [apply sigmoid_range | exact IH]. }
  induction data as [| example data IH]; [unfold loss; simpl; rewrite ln_1; ring |].
  change (softplus (- signed_score w b example) + loss w b data
          = - ln (probability example * fold_right Rmult 1 (map probability data))).
  rewrite ln_mult, IH; [| apply sigmoid_range | apply product].
  unfold probability at 2. rewrite log_sigmoid. ring.
Qed.

(** Along the ray of a separating pair the logistic loss decreases strictly. *)
(* Mutant, it increases: `s < t ->` becomes `t < s ->` *)
(* Mutant, there need not be any points: `data <> []` becomes `data <> [] \/ True` *)
Theorem loss_decreasing (w : list R) (b : R) (data : list (list R * R)) (s t : R) :
  data <> [] -> separates w b data ->
  s < t -> loss (scale t w) (t * b) data < loss (scale s w) (s * b) data.
Proof.
  intros filled right less. apply total_lt.
  - intros example member. rewrite !signed_score_scale.
    assert (positive := right example member).
    apply Rlt_le, log_term_increasing. nra.
  - destruct data as [| example data]; [easy |].
    assert (member : In example (example :: data)) by now left.
    exists example. split; [exact member |]. rewrite !signed_score_scale.
    assert (positive := right example member). apply log_term_increasing. nra.
Qed.

(** Along the ray of a separating pair the logistic loss lies between two exponential bounds,
    where mu is the smallest signed score. *)
(* Mutant, the number of points is forgotten: `INR (length data) * exp` becomes `exp` *)
(* Mutant, the lower bound without its logarithm: `ln (1 + exp (- (s * mu))) <=` becomes `exp (- (s * mu)) <=` *)
(* Mutant, the factor may be negative: `0 <= s` becomes `s <= 0` *)
Theorem loss_bounds (w : list R) (b : R) (data : list (list R * R)) (s : R) :
  data <> [] -> separates w b data -> 0 <= s ->
  let mu := least_score w b data in
  0 < mu
  /\ ln (1 + exp (- (s * mu))) <= loss (scale s w) (s * b) data
       <= INR (length data) * exp (- (s * mu)).
Proof.
  intros filled right nonneg mu.
  assert (member : In mu (map (signed_score w b) data)).
  { apply minimum_in. intros empty. now apply map_eq_nil in empty. }
  apply in_map_iff in member. destruct member as [example [equal member]].
  repeat split.
  - rewrite <- equal. now apply right.
  - rewrite <- equal, <- signed_score_scale.
    apply (total_ge_term (fun example => ln (1 + exp (- signed_score _ _ example)))).
    + intros c _. apply Rlt_le, log_term_pos.
    + exact member.
  - rewrite <- total_const. apply total_le. intros other inside.
    rewrite signed_score_scale.
    apply Rle_trans with (exp (- (s * signed_score w b other))); [apply log_term_le |].
    assert (least : mu <= signed_score w b other) by (apply minimum_le, in_map, inside).
    apply exp_le. nra.
Qed.

(** On separable points the infimum of the logistic loss is 0, and no pair attains it: each
    has a better one, so there is no finite maximum-likelihood estimate. *)
(* Mutant, the infimum is attained: `(forall v c, 0 < loss v c data)` becomes `(exists v c, loss v c data <= 0)` *)
(* Mutant, the classes need not be separable: `separates w b data ->` becomes `separates w b [] ->` *)
Theorem no_maximum_likelihood_estimate (w : list R) (b : R) (data : list (list R * R)) :
  data <> [] -> separates w b data ->
  (forall v c, 0 < loss v c data)
  /\ (forall eps, 0 < eps -> exists v c, length v = length w /\ loss v c data < eps)
  /\ (forall v c, exists v' c', length v' = length w /\ loss v' c' data < loss v c data).
Proof.
  intros filled right.
  assert (positive : forall v c, 0 < loss v c data).
  { intros v c. destruct data as [| example data]; [easy |].
    apply Rlt_le_trans with (ln (1 + exp (- signed_score v c example))); [apply log_term_pos |].
    apply (total_ge_term (fun example => ln (1 + exp (- signed_score v c example)))).
    - intros other _. apply Rlt_le, log_term_pos.
    - now left. }
  assert (small : forall eps, 0 < eps ->
            exists v c, length v = length w /\ loss v c data < eps).
  { intros eps above. set (n := INR (length data)). set (mu := least_score w b data).
    assert (many : 0 < n).
    { apply lt_0_INR. destruct data; [easy | simpl; lia]. }
    destruct (loss_bounds w b data 0 filled right (Rle_refl 0)) as [mu_positive _].
    fold mu in mu_positive.
    (* at this factor the upper bound is below eps *)
    set (s := Rmax 0 (- ln (eps / (2 * n)) / mu)).
    exists (scale s w), (s * b). split; [apply length_scale |].
    destruct (loss_bounds w b data s filled right (Rmax_l _ _)) as [_ [_ upper]].
    fold mu n in upper. apply Rle_lt_trans with (1 := upper).
    assert (ratio : 0 < eps / (2 * n)) by (apply Rdiv_lt_0_compat; lra).
    apply Rle_lt_trans with (n * (eps / (2 * n))).
    - apply Rmult_le_compat_l; [lra |]. rewrite <- (exp_ln (eps / (2 * n))) by lra.
      apply exp_le.
      assert (- ln (eps / (2 * n)) / mu <= s) by apply Rmax_r.
      assert (- ln (eps / (2 * n)) <= s * mu) by (apply Rle_div_l; lra). lra.
    - field_simplify; lra. }
  repeat split; [exact positive | exact small |].
  intros v c. apply small, positive.
Qed.

(** Where some pair has only non-negative signed scores and a positive one among them, no
    pair minimises the logistic loss, for adding the former makes it smaller. *)
(* Mutant, all signed scores may be zero: `signed_score w b example > 0` becomes `signed_score w b example >= 0` *)
(* Mutant, some signed scores may be negative: `(forall example, In example data ->` becomes `(forall example, In example [] ->` *)
Theorem no_minimiser_if_quasi_separated (w : list R) (b : R) (data : list (list R * R)) :
  (forall example, In example data -> signed_score w b example >= 0) ->
  (exists example, In example data /\ signed_score w b example > 0) ->
  forall v c, length v = length w -> loss (sum v w) (c + b) data < loss v c data.
Proof.
  intros nonneg [example [member positive]] v c same.
  assert (split_score : forall other, signed_score (sum v w) (c + b) other
            = signed_score v c other + signed_score w b other).
  { intros [x y]. unfold signed_score, score. rewrite dot_sum by easy. ring. }
  apply total_lt.
  - intros other inside. rewrite split_score.
    destruct (nonneg other inside) as [above | equal].
    + apply Rlt_le, log_term_increasing. lra.
    + rewrite equal, Rplus_0_r. apply Rle_refl.
  - exists example. split; [exact member |]. rewrite split_score.
    apply log_term_increasing. lra.
Qed.

(** *** When a minimiser exists

    The signed scores are affine functions of the weights and the bias.  A system of such
    functions is a list of their constants and rows of coefficients. *)

Definition values (theta : list R) (system : list (R * list R)) : list R :=
  map (fun '(constant, row) => constant + dot row theta) system.

(** The system that is left for the other arguments when the first of them is c, and the same
    with e times the first column for the constants. *)
Definition fixed (c : R) (system : list (R * list R)) : list (R * list R) :=
  map (fun '(constant, row) => (constant + c * hd 0 row, tl row)) system.

Definition column (e : R) (system : list (R * list R)) : list (R * list R) :=
  map (fun '(_, row) => (e * hd 0 row, tl row)) system.

(** Whenever the linear parts of all functions are non-negative, they are zero. *)
Definition no_direction (d : nat) (system : list (R * list R)) : Prop :=
  forall theta, length theta = d ->
    (forall constant row, In (constant, row) system -> 0 <= dot row theta) ->
    forall constant row, In (constant, row) system -> dot row theta = 0.

Lemma length_values (theta : list R) (system : list (R * list R)) :
  length (values theta system) = length system.
Proof. apply map_length. Qed.

Lemma dot_cons (c : R) (row theta : list R) (d : nat) :
  length row = S d -> dot row (c :: theta) = c * hd 0 row + dot (tl row) theta.
Proof. destruct row; [discriminate |]. intros _. simpl. ring. Qed.

Lemma values_cons (d : nat) (c : R) (theta : list R) (system : list (R * list R)) :
  (forall constant row, In (constant, row) system -> length row = S d) ->
  values (c :: theta) system = values theta (fixed c system).
Proof.
  intros rows. unfold values, fixed. rewrite map_map. apply map_ext_in.
  intros [constant row] member. rewrite (dot_cons c row theta d) by now apply rows in member.
  ring.
Qed.

Lemma values_change (c c' : R) (theta : list R) (system : list (R * list R)) :
  difference (values theta (fixed c system)) (values theta (fixed c' system))
  = scale (c - c') (map (fun '(_, row) => hd 0 row) system).
Proof.
  induction system as [| [constant row] system IH]; [easy |].
  unfold difference, scale in *. simpl. rewrite <- IH. f_equal. ring.
Qed.

Lemma component_le_norm (v : list R) (k : nat) : Rabs (nth k v 0) <= norm v.
Proof.
  apply Rsqr_incr_0_var; [| apply norm_nonneg].
  rewrite <- Rsqr_abs. unfold Rsqr. rewrite norm_square.
  revert k. induction v as [| x v IH]; intros [| k]; simpl; try lra.
  - assert (H := dot_nonneg v). lra.
  - specialize (IH k). assert (0 <= x * x) by apply Rle_0_sqr. lra.
Qed.

(** Minus the least component: it changes at most as much as the vector. *)
Lemma minimum_lipschitz (n : nat) : (n > 0)%nat -> lipschitz n 1 (fun v => - minimum v).
Proof.
  intros some. split; [lra |]. intros u v same_u same_v.
  assert (filled : u <> []) by (intros ->; simpl in same_u; lia).
  destruct (In_nth u (minimum u) 0 (minimum_in u filled)) as [k [small equal]].
  assert (below : minimum v <= nth k v 0) by (apply minimum_le, nth_In; congruence).
  assert (close := component_le_norm (difference u v) k).
  rewrite nth_difference in close by congruence.
  apply Rabs_le_between in close. lra.
Qed.

(** A Lipschitz function that is nowhere below minus the least component has a minimum among
    the values of a system without such directions. *)
Lemma system_minimum (d : nat) : forall (system : list (R * list R)) (m : R) (f : list R -> R),
  system <> [] -> (forall constant row, In (constant, row) system -> length row = d) ->
  no_direction d system ->
  lipschitz (length system) m f ->
  (forall v, length v = length system -> - minimum v <= f v) ->
  exists theta, length theta = d /\
    forall theta', length theta' = d -> f (values theta system) <= f (values theta' system).
Proof.
  induction d as [| d IH]; intros system m f filled rows none [m_nonneg change] above.
  { exists []. split; [easy |]. intros [| x theta'] same; [apply Rle_refl | discriminate]. }
  (* for each first argument there is a minimum over the others *)
  assert (less_rows : forall g : R -> list R -> R, forall constant row,
            In (constant, row) (map (fun '(k, r) => (g k r, tl r)) system) -> length row = d).
  { intros g constant row member. apply in_map_iff in member.
    destruct member as [[k r] [equal member]]. injection equal as _ <-.
    apply rows in member. destruct r; [discriminate | now injection member]. }
  assert (less_none : forall g : R -> list R -> R,
            no_direction d (map (fun '(k, r) => (g k r, tl r)) system)).
  { intros g theta same nonneg constant row member.
    assert (zero : forall k r, In (k, r) system -> dot r (0 :: theta) = 0).
    { apply none; [simpl; congruence |]. intros k r inside.
      rewrite (dot_cons 0 r theta d), Rmult_0_l, Rplus_0_l by now apply rows in inside.
      apply (nonneg (g k r)), in_map_iff. now exists (k, r). }
    apply in_map_iff in member. destruct member as [[k r] [equal member]].
    injection equal as _ <-. rewrite <- (zero k r member).
    rewrite (dot_cons 0 r theta d) by now apply rows in member. ring. }
  assert (fixed_filled : forall c, fixed c system <> []) by (destruct system; easy).
  assert (same_length : forall c, length (fixed c system) = length system)
    by (intros; apply map_length).
  assert (attained : forall c, exists theta, length theta = d /\
            forall theta', length theta' = d ->
              f (values theta (fixed c system)) <= f (values theta' (fixed c system))).
  { intros c. apply IH with m; try easy.
    - apply (less_rows (fun k r => k + c * hd 0 r)).
    - apply (less_none (fun k r => k + c * hd 0 r)).
    - now rewrite same_length.
    - now rewrite same_length. }
  set (least c := infimum (fun theta => length theta = d)
                          (fun theta => f (values theta (fixed c system)))).
  assert (least_le : forall c theta, length theta = d ->
            least c <= f (values theta (fixed c system))).
  { intros c theta same. destruct (attained c) as [best [same_best low]].
    unfold least. rewrite (infimum_attained _ _ best) by easy. now apply low. }
  (* it is enough to minimise over the first argument *)
  enough (exists c, forall c', least c <= least c') as [c lowest].
  { destruct (attained c) as [theta [same low]]. exists (c :: theta).
    split; [simpl; congruence |]. intros [| c' theta'] same'; [discriminate |].
    injection same' as same'. rewrite !(values_cons d) by easy.
    apply Rle_trans with (least c').
    - rewrite <- (infimum_attained (fun theta => length theta = d)
                    (fun theta => f (values theta (fixed c system))) theta) by easy.
      apply lowest.
    - now apply least_le. }
  destruct (classic (exists theta, length theta = d /\
              forall k r, In (k, r) system -> dot (tl r) theta = hd 0 r))
    as [[theta0 [same0 dependent]] | independent].
  { (* the first argument can be left out *)
    exists 0. intros c. destruct (attained c) as [theta [same low]].
    apply Rle_trans with (f (values (sum theta (scale c theta0)) (fixed 0 system))).
    - apply least_le. rewrite length_sum; rewrite ?length_scale; congruence.
    - unfold least at 1. rewrite (infimum_attained _ _ theta) by easy.
      apply Req_le. f_equal. unfold values, fixed. rewrite !map_map.
      apply map_ext_in. intros [k r] member.
      rewrite (dot_comm (tl r) (sum _ _)), dot_sum, dot_scale by (rewrite length_scale; congruence).
      rewrite !(dot_comm _ (tl r)), (dependent k r member). ring. }
  (* the minimum grows without bound in both directions of the first argument *)
  assert (growth : forall e, e <> 0 -> exists delta, 0 < delta /\
            forall theta, length theta = d ->
              exists k r, In (k, r) system /\ e * hd 0 r + dot (tl r) theta <= - delta).
  { intros e other.
    assert (column_filled : column e system <> []) by (destruct system; easy).
    destruct (IH (column e system) 1 (fun v => - minimum v)) as [theta [same low]]; try easy.
    - apply (less_rows (fun _ r => e * hd 0 r)).
    - apply (less_none (fun _ r => e * hd 0 r)).
    - apply minimum_lipschitz. destruct system; [easy | simpl; lia].
    - intros v _. apply Rle_refl.
    - exists (- minimum (values theta (column e system))). split.
      + apply Rnot_le_lt. intros nonneg. apply independent.
        assert (zero : forall k r, In (k, r) system -> dot r (e :: theta) = 0).
        { apply none; [simpl; congruence |]. intros k r member.
          rewrite (dot_cons e r theta d) by now apply rows in member.
          apply Rle_trans with (minimum (values theta (column e system))); [lra |].
          apply minimum_le. unfold values, column. rewrite map_map.
          apply in_map_iff. now exists (k, r). }
        exists (scale (- / e) theta). split; [now rewrite length_scale |].
        intros k r member. specialize (zero k r member).
        rewrite (dot_cons e r theta d) in zero by now apply rows in member.
        rewrite dot_scale_right. replace (dot (tl r) theta) with (- (e * hd 0 r)) by lra.
        field. exact other.
      + intros theta' same'. specialize (low theta' same').
        assert (some : In (minimum (values theta' (column e system)))
                          (values theta' (column e system))).
        { apply minimum_in. destruct system; easy. }
        unfold values at 2, column at 2 in some. rewrite map_map in some.
        apply in_map_iff in some. destruct some as [[k r] [equal member]].
        exists k, r. split; [exact member |]. simpl in equal. lra. }
  destruct (growth 1 ltac:(lra)) as [delta1 [positive1 right]].
  destruct (growth (-1) ltac:(lra)) as [delta2 [positive2 left]].
  assert (bounded : exists bound, forall k r, In (k, r) system -> k <= bound).
  { clear. induction system as [| [k r] system [bound IH]]; [now exists 0 |].
    exists (Rmax k bound). intros k' r' [equal | member].
    - injection equal as <- _. apply Rmax_l.
    - apply Rle_trans with bound; [now apply IH with r' | apply Rmax_r]. }
  destruct bounded as [bound bounded].
  set (delta := Rmin delta1 delta2).
  assert (delta_positive : 0 < delta) by now apply Rmin_glb_lt.
  assert (delta_le1 : delta <= delta1) by apply Rmin_l.
  assert (delta_le2 : delta <= delta2) by apply Rmin_r.
  assert (coercive : forall c, c <> 0 -> Rabs c * delta - bound <= least c).
  { intros c other. destruct (attained c) as [theta [same low]].
    unfold least. rewrite (infimum_attained _ _ theta) by easy.
    eapply Rle_trans; [| apply above; rewrite length_values; apply same_length].
    assert (size : 0 < Rabs c) by now apply Rabs_pos_lt.
    assert (some : exists k r, In (k, r) system
              /\ k + c * hd 0 r + dot (tl r) theta <= bound - Rabs c * delta).
    { assert (same' : length (scale (/ Rabs c) theta) = d) by now rewrite length_scale.
      destruct (Rle_or_lt 0 c) as [nonneg | negative].
      - destruct (right _ same') as [k [r [member small]]]. exists k, r. split; [easy |].
        rewrite dot_scale_right in small. assert (k <= bound) by now apply bounded with r.
        assert (c * (1 * hd 0 r + / Rabs c * dot (tl r) theta)
                = c * hd 0 r + dot (tl r) theta)
          by (rewrite Rabs_pos_eq by lra; field; lra).
        rewrite (Rabs_pos_eq c) in * by lra. nra.
      - destruct (left _ same') as [k [r [member small]]]. exists k, r. split; [easy |].
        rewrite dot_scale_right in small. assert (k <= bound) by now apply bounded with r.
        assert (- c * (-1 * hd 0 r + / Rabs c * dot (tl r) theta)
                = c * hd 0 r + dot (tl r) theta)
          by (rewrite Rabs_left by lra; field; lra).
        rewrite (Rabs_left c) in * by lra. nra. }
    destruct some as [k [r [member small]]].
    enough (minimum (values theta (fixed c system)) <= k + c * hd 0 r + dot (tl r) theta) by lra.
    apply minimum_le. unfold values, fixed. rewrite map_map.
    apply in_map_iff. now exists (k, r). }
  (* and it is continuous, so it has a minimum *)
  set (heads := map (fun '(_, row) => hd 0 row) system).
  assert (least_change : forall c c', least c - least c' <= m * norm heads * Rabs (c - c')).
  { intros c c'. apply infimum_change; [apply attained | apply attained |].
    intros theta _. eapply Rle_trans; [apply change; rewrite length_values; apply same_length |].
    rewrite values_change, norm_scale. fold heads. apply Req_le. ring. }
  assert (far : exists radius, 0 <= radius /\ forall c, radius < Rabs c -> least 0 <= least c).
  { exists (Rabs ((least 0 + bound) / delta)). split; [apply Rabs_pos |].
    intros c away. assert (other : c <> 0).
    { intros ->. rewrite Rabs_R0 in away.
      assert (H := Rabs_pos ((least 0 + bound) / delta)). lra. }
    apply Rle_trans with (2 := coercive c other).
    assert ((least 0 + bound) / delta <= Rabs c).
    { eapply Rle_trans; [apply Rle_abs |]. now apply Rlt_le. }
    assert (least 0 + bound <= Rabs c * delta) by now apply Rle_div_l. lra. }
  destruct far as [radius [radius_nonneg far]].
  destruct (continuity_ab_min least (- radius) radius) as [c [lowest range]]; [lra | |].
  { intros t _. apply (lipschitz_continuous (m * norm heads)); [| exact least_change].
    apply Rmult_le_pos; [easy | apply norm_nonneg]. }
  exists c. intros c'. destruct (Rle_or_lt (Rabs c') radius) as [near | away].
  - apply lowest. now apply Rabs_le_between.
  - apply Rle_trans with (least 0); [| now apply far]. apply lowest. lra.
Qed.

(** The logistic loss as a function of the signed scores. *)
Definition loss_of_scores (v : list R) : R := total (map (fun r => ln (1 + exp (- r))) v).

Lemma log_term_change (r t : R) : ln (1 + exp (- r)) - ln (1 + exp (- t)) <= Rabs (r - t).
Proof.
  set (c := Rabs (r - t)).
  assert (t - r <= c) by (unfold c; rewrite Rabs_minus_sym; apply Rle_abs).
  assert (c_nonneg : 0 <= c) by apply Rabs_pos.
  assert (P := exp_pos (- r)). assert (Q := exp_pos (- t)).
  assert (one : 1 <= exp c) by (rewrite <- exp_0; now apply exp_le).
  assert (grow : exp (- r) <= exp c * exp (- t)) by (rewrite <- exp_plus; apply exp_le; lra).
  enough (ln (1 + exp (- r)) <= c + ln (1 + exp (- t))) by lra.
  rewrite <- (ln_exp c) at 1. rewrite <- ln_mult by lra. apply ln_le; nra.
Qed.

Lemma loss_of_scores_lipschitz (n : nat) : lipschitz n (INR n) loss_of_scores.
Proof.
  split; [apply pos_INR |]. intros u v same_u same_v.
  assert (close : forall k, Rabs (nth k u 0 - nth k v 0) <= norm (difference u v)).
  { intros k. rewrite <- nth_difference by congruence. apply component_le_norm. }
  revert close. generalize (norm (difference u v)). intros bound.
  revert u v same_u same_v. induction n as [| n IH]; intros [| x u] [| y v] same_u same_v close;
    try discriminate; [unfold loss_of_scores; simpl; lra |].
  assert (first := close 0%nat). assert (term := log_term_change x y). simpl in first.
  assert (rest : loss_of_scores u - loss_of_scores v <= INR n * bound).
  { apply IH; [now injection same_u | now injection same_v |]. intros k. apply (close (S k)). }
  rewrite S_INR. unfold loss_of_scores, total in *. simpl. lra.
Qed.

(** A maximum-likelihood estimate exists if and only if no pair has signed scores that are
    all non-negative and not all zero. *)
(* Mutant, only separable points have none: `0 <= signed_score w b example` becomes `0 < signed_score w b example` *)
(* Mutant, also the pair 0 would exclude an estimate: `0 < signed_score w b example` becomes `0 <= signed_score w b example` *)
Theorem estimate_exists (d : nat) (data : list (list R * R)) :
  data <> [] -> (forall x y, In (x, y) data -> length x = d) ->
  (exists w b, length w = d /\
     forall w' b', length w' = d -> loss w b data <= loss w' b' data)
  <-> ~ (exists w b, length w = d
           /\ (forall example, In example data -> 0 <= signed_score w b example)
           /\ (exists example, In example data /\ 0 < signed_score w b example)).
Proof.
  intros filled points. split.
  - intros [w [b [same lowest]]] [w' [b' [same' [nonneg [example [member positive]]]]]].
    assert (better : loss (sum w w') (b + b') data < loss w b data).
    { apply no_minimiser_if_quasi_separated; [| now exists example | congruence].
      intros other inside. now apply Rle_ge, nonneg. }
    assert (loss w b data <= loss (sum w w') (b + b') data)
      by (apply lowest; rewrite length_sum; congruence).
    lra.
  - intros none.
    (* the bias comes first, then the weights *)
    set (system := map (fun '(x, y) => (0, y :: scale y x)) data).
    assert (scores : forall w b, values (b :: w) system = map (signed_score w b) data).
    { intros w b. unfold values, system. rewrite map_map. apply map_ext. intros [x y].
      unfold signed_score, score. simpl. rewrite dot_scale, (dot_comm x). ring. }
    assert (losses : forall w b, loss w b data = loss_of_scores (values (b :: w) system)).
    { intros w b. unfold loss, loss_of_scores. now rewrite scores, map_map. }
    destruct (system_minimum (S d) system (INR (length system)) loss_of_scores)
      as [theta [same lowest]].
    + unfold system. intros empty. now apply map_eq_nil in empty.
    + intros constant row member. apply in_map_iff in member.
      destruct member as [[x y] [equal member]]. injection equal as _ <-.
      simpl. rewrite length_scale. f_equal. now apply points with y.
    + intros theta same nonneg constant row member.
      destruct theta as [| b w]; [discriminate |]. injection same as same.
      assert (value : forall x y, dot (y :: scale y x) (b :: w) = signed_score w b (x, y)).
      { intros x y. unfold signed_score, score. simpl. rewrite dot_scale, (dot_comm x). ring. }
      assert (all : forall example, In example data -> 0 <= signed_score w b example).
      { intros [x y] inside. rewrite <- value. apply (nonneg 0), in_map_iff. now exists (x, y). }
      apply in_map_iff in member. destruct member as [[x y] [equal inside]].
      injection equal as _ <-. rewrite value.
      destruct (all (x, y) inside) as [positive | zero]; [| easy].
      exfalso. apply none. exists w, b. repeat split; [easy | exact all | now exists (x, y)].
    + apply loss_of_scores_lipschitz.
    + intros v same_v.
      assert (some : In (minimum v) v).
      { apply minimum_in. intros ->. unfold system in same_v. rewrite map_length in same_v.
        destruct data; [easy | discriminate]. }
      apply Rle_trans with (ln (1 + exp (- minimum v))).
      * rewrite <- (ln_exp (- minimum v)) at 1. assert (P := exp_pos (- minimum v)).
        apply ln_le; lra.
      * apply (total_ge_term (fun r => ln (1 + exp (- r)))); [| exact some].
        intros r _. apply Rlt_le, log_term_pos.
    + destruct theta as [| b w]; [discriminate |]. injection same as same.
      exists w, b. split; [exact same |]. intros w' b' same'.
      rewrite !losses. apply lowest. simpl. congruence.
Qed.

(** On the four points, the loss along the ray of the weights 1, -1 and the bias 1/2 is four
    times one term. *)
(* Mutant, the scores are 1 instead of 1/2: `- (s / 2)` becomes `- s` *)
Theorem four_points_loss (s : R) :
  loss (scale s [1; -1]) (s * (1 / 2)) four_points = 4 * ln (1 + exp (- (s / 2))).
Proof.
  unfold loss, four_points. cbn [map].
  rewrite !signed_score_scale. unfold signed_score, score, total. simpl.
  replace (- (s * (1 * (1 * 1 + (-1 * 1 + 0) + 1 / 2)))) with (- (s / 2)) by field.
  replace (- (s * (1 * (1 * 2 + (-1 * 2 + 0) + 1 / 2)))) with (- (s / 2)) by field.
  replace (- (s * (-1 * (1 * 1 + (-1 * 2 + 0) + 1 / 2)))) with (- (s / 2)) by field.
  replace (- (s * (-1 * (1 * 2 + (-1 * 3 + 0) + 1 / 2)))) with (- (s / 2)) by field.
  ring.
Qed.

(** ** The sigmoid in floating point *)

(** The form in which no exponential can overflow. *)
Definition sigmoid_stable (e x : R) : R :=
  if Rle_dec 0 x then 1 / (1 + e) else e / (1 + e).

(** The stable form is the sigmoid, and its exponential is at most 1. *)
(* Mutant, the exponential grows: `exp (- Rabs x) in` becomes `exp (Rabs x) in` *)
(* Mutant, the exponential stays below one half: `0 < e <= 1` becomes `0 < e <= 1 / 2` *)
Theorem sigmoid_stable_form (x : R) :
  let e := exp (- Rabs x) in sigmoid x = sigmoid_stable e x /\ 0 < e <= 1.
Proof.
  intros e. unfold e, sigmoid_stable. repeat split.
  - destruct (Rle_dec 0 x).
    + now rewrite Rabs_pos_eq.
    + rewrite Rabs_left, Ropp_involutive by lra. apply sigmoid_second_form.
  - apply exp_pos.
  - rewrite <- exp_0. apply exp_le. assert (H := Rabs_pos x). lra.
Qed.

(** The derivative of the sigmoid and its logarithm have a stable form, too. *)
(* Mutant, the square is forgotten: `e / (1 + e) ^ 2` becomes `e / (1 + e)` *)
(* Mutant, the maximum for the minimum: `Rmin x 0` becomes `Rmax x 0` *)
Theorem sigmoid_stable_relatives (x : R) :
  let e := exp (- Rabs x) in
  Derive sigmoid x = e / (1 + e) ^ 2 /\ ln (sigmoid x) = Rmin x 0 - ln (1 + e).
Proof.
  intros e. assert (positive : 0 < e) by apply exp_pos. split.
  - rewrite Derive_sigmoid. destruct (sigmoid_stable_form x) as [-> _]. fold e.
    unfold sigmoid_stable. destruct (Rle_dec 0 x); field; lra.
  - rewrite log_sigmoid, softplus_stable, Rabs_Ropp. fold e.
    unfold Rmin, Rmax. destruct (Rle_dec x 0), (Rle_dec (- x) 0); lra.
Qed.

(** What floating point makes of it, in the usual model: the exponential carries the relative
    error eta, the addition delta1 and the division delta2. *)
Definition sigmoid_rounded (eta delta1 delta2 x : R) : R :=
  let e := exp (- Rabs x) * (1 + eta) in
  if Rle_dec 0 x then 1 / ((1 + e) * (1 + delta1)) * (1 + delta2)
  else e / ((1 + e) * (1 + delta1)) * (1 + delta2).

Lemma error_of_product (p q eps1 eps2 : R) :
  Rabs (p - 1) <= eps1 -> Rabs (q - 1) <= eps2 ->
  Rabs (p * q - 1) <= (1 + eps1) * (1 + eps2) - 1.
Proof.
  intros P Q. replace (p * q - 1) with ((p - 1) * (q - 1) + ((p - 1) + (q - 1))) by ring.
  assert (A := Rabs_pos (p - 1)). assert (B := Rabs_pos (q - 1)).
  assert (Rabs (p - 1) * Rabs (q - 1) <= eps1 * eps2) by (apply Rmult_le_compat; lra).
  eapply Rle_trans; [apply Rabs_triang |]. rewrite Rabs_mult.
  assert (T := Rabs_triang (p - 1) (q - 1)). lra.
Qed.

(** The relative error of the computed sigmoid is at most (1 + eps) (1 + 2 u / (1 - u)) - 1. *)
(* Mutant, the two roundings are counted once: `2 * u / (1 - u)` becomes `u` *)
(* Mutant, the error of the exponential is forgotten: `(1 + eps) *` becomes `1 *` *)
Theorem sigmoid_rounding (eps u eta delta1 delta2 x : R) :
  eps < 1 -> u < 1 -> Rabs eta <= eps -> Rabs delta1 <= u -> Rabs delta2 <= u ->
  Rabs (sigmoid_rounded eta delta1 delta2 x - sigmoid x)
    <= ((1 + eps) * (1 + 2 * u / (1 - u)) - 1) * sigmoid x.
Proof.
  intros eps_small u_small Eta Delta1 Delta2.
  destruct (sigmoid_stable_form x) as [exact [e_positive e_small]].
  set (e := exp (- Rabs x)) in *.
  assert (range := sigmoid_range x).
  apply Rabs_le_between in Eta. apply Rabs_le_between in Delta1. apply Rabs_le_between in Delta2.
  (* the quotient of the computed and the true value has two factors near 1 *)
  set (p := e / (1 + e)).
  assert (p_range : 0 < p <= 1 / 2).
  { split; [apply Rdiv_lt_0_compat; lra |]. apply Rle_div_l; lra. }
  set (roundings := (1 + delta2) / (1 + delta1)).
  assert (second_factor : Rabs (roundings - 1) <= 2 * u / (1 - u)).
  { unfold roundings. replace ((1 + delta2) / (1 + delta1) - 1)
      with ((delta2 - delta1) / (1 + delta1)) by (field; lra).
    apply Rabs_le. split.
    - apply Rle_div_r; [lra |]. replace (- (2 * u / (1 - u)) * (1 + delta1))
        with (- (2 * u) * ((1 + delta1) / (1 - u))) by (field; lra).
      assert (1 <= (1 + delta1) / (1 - u)) by (apply Rle_div_r; lra). nra.
    - apply Rle_div_l; [lra |]. replace (2 * u / (1 - u) * (1 + delta1))
        with (2 * u * ((1 + delta1) / (1 - u))) by (field; lra).
      assert (1 <= (1 + delta1) / (1 - u)) by (apply Rle_div_r; lra). nra. }
  assert (quotient : exists factor, Rabs (factor - 1) <= eps
            /\ sigmoid_rounded eta delta1 delta2 x = factor * roundings * sigmoid x).
  { rewrite exact. unfold sigmoid_rounded, sigmoid_stable, roundings. fold e.
    assert (denominator : 1 + e * (1 + eta) = (1 + e) * (1 + p * eta))
      by (unfold p; field; lra).
    assert (0 < 1 + p * eta) by nra.
    rewrite denominator. destruct (Rle_dec 0 x).
    - exists (1 / (1 + p * eta)). split; [| field; lra].
      replace (1 / (1 + p * eta) - 1) with (- (p * eta) / (1 + p * eta)) by (field; lra).
      assert (- (eps / 2) <= p * eta <= eps / 2) by nra.
      apply Rabs_le. split; [apply Rle_div_r | apply Rle_div_l]; nra.
    - exists ((1 + eta) / (1 + p * eta)). split; [| field; lra].
      replace ((1 + eta) / (1 + p * eta) - 1) with ((1 - p) * eta / (1 + p * eta))
        by (field; lra).
      assert (0 <= p * eps <= 1 / 2) by nra.
      assert (upper : eta * (1 - p - p * eps) <= eps) by nra.
      assert (lower : - eps <= eta * (1 - p + p * eps)) by nra.
      apply Rabs_le. split; [apply Rle_div_r | apply Rle_div_l]; lra. }
  destruct quotient as [factor [first_factor ->]].
  replace (factor * roundings * sigmoid x - sigmoid x)
    with ((factor * roundings - 1) * sigmoid x) by ring.
  rewrite Rabs_mult, (Rabs_pos_eq (sigmoid x)) by lra.
  apply Rmult_le_compat_r; [lra |]. now apply error_of_product.
Qed.
